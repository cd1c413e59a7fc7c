//! Named cases of one test. Each runs whatever becomes of the others, and the test fails with the names of those that failed.

use std::cell::RefCell;
use std::fmt::{Debug, Display};
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

/// The cases that failed so far. The test fails when this value goes.
#[derive(Default)]
pub struct Cases {
    failed: RefCell<Vec<String>>,
}

impl Cases {
    /// Runs a case, which fails by a panic.
    pub async fn run(&self, name: impl Display, case: impl Future<Output = ()>) {
        // No state of a failed case reaches another: cases that share something restore it before they fail.
        if AssertUnwindSafe(case).catch_unwind().await.is_err() {
            self.failed.borrow_mut().push(name.to_string());
        }
    }

    /// Fails the case if `found` is another value than `expected`.
    pub fn assert_eq<T: PartialEq + Debug>(&self, name: impl Display, found: &T, expected: &T) {
        if found != expected {
            self.failed.borrow_mut().push(format!("{name}: found {found:?}, expected {expected:?}"));
        }
    }
}

impl Drop for Cases {
    fn drop(&mut self) {
        let failed = self.failed.get_mut();
        if !std::thread::panicking() {
            assert!(failed.is_empty(), "{} cases failed:\n{}", failed.len(), failed.join("\n"));
        }
    }
}

#[test]
fn a_case_that_fails_hides_no_other_and_is_named() {
    let panic = std::panic::catch_unwind(|| {
        let cases = Cases::default();
        let run = async |number: u32| assert!(number != 2, "the second");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for number in 1..=3 {
            runtime.block_on(cases.run(number, run(number)));
        }
        cases.assert_eq("values", &1, &2);
    });
    let message = panic.unwrap_err().downcast::<String>().unwrap();
    assert_eq!(*message, "2 cases failed:\n2\nvalues: found 1, expected 2");
}
