//! Stands before the simulator and lets requests through until one is to be held back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::proxy::{content_length, forward, read_head, read_rest};

/// The gate, which closes with this value.
pub struct Gate {
    url: String,
    received: Arc<AtomicUsize>,
    held: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Gate {
    /// Opens a gate before the server at `to` that never answers its request number `hold`, counted from 1, and none after it.
    pub async fn before(to: &str, hold: usize) -> Gate {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let to = to.strip_prefix("http://").unwrap().to_owned();
        let (received, held) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (count, notify) = (received.clone(), held.clone());
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let (to, count, notify) = (to.clone(), count.clone(), notify.clone());
                tokio::spawn(async move {
                    if count.fetch_add(1, Ordering::SeqCst) + 1 >= hold {
                        notify.notify_one();
                        // The client waits until it is killed.
                        std::future::pending::<()>().await;
                    }
                    drop(pass(client, &to).await);
                });
            }
        });
        Gate { url, received, held, task }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns once a request is held back.
    pub async fn held(&self) {
        self.held.notified().await;
    }

    /// Returns how many requests came.
    pub fn received(&self) -> usize {
        self.received.load(Ordering::SeqCst)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Passes one request on; the connection ends with its answer.
async fn pass(mut client: TcpStream, to: &str) -> std::io::Result<()> {
    use tokio::io::AsyncWriteExt;
    let (mut request, head_end) = read_head(&mut client).await?;
    let length = content_length(&String::from_utf8_lossy(&request[..head_end]));
    read_rest(&mut client, &mut request, head_end + length).await?;
    client.write_all(&forward(&request, head_end, to).await?).await?;
    client.shutdown().await
}
