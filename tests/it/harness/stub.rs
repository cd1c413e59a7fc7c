//! A server that gives the configured answers, one after the other or by action, and keeps what it was asked.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The server, which ends with this value.
pub struct Stub {
    url: String,
    heads: Arc<Mutex<Vec<String>>>,
    bodies: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Stub {
    /// Answers with these statuses and bodies, and with the last of them from then on.
    pub async fn start(answers: &[(u16, &str)]) -> Stub {
        Stub::with_headers("", answers).await
    }

    /// The same with more headers, each of which ends with a line break.
    pub async fn with_headers(headers: &str, answers: &[(u16, &str)]) -> Stub {
        let answers: Vec<(u16, Vec<u8>)> =
            answers.iter().map(|&(status, body)| (status, body.into())).collect();
        Stub::serve(headers, move |number, _| answers.get(number).or(answers.last()).unwrap().clone()).await
    }

    /// Answers each request with the status and body of the first of `answers` whose text is in the request's body.
    pub async fn by_request(answers: Vec<(String, u16, Vec<u8>)>) -> Stub {
        Stub::answering(move |_, request| {
            let answer = answers.iter().find(|(text, _, _)| request.contains(text.as_str()));
            answer.map(|(_, status, body)| (*status, body.clone())).unwrap_or((404, Vec::new()))
        })
        .await
    }

    /// Answers each request with what `answer` makes of its number, from 0, and its body.
    pub async fn answering(answer: impl FnMut(usize, &str) -> (u16, Vec<u8>) + Send + 'static) -> Stub {
        Stub::serve("", answer).await
    }

    async fn serve(
        headers: &str,
        mut answer: impl FnMut(usize, &str) -> (u16, Vec<u8>) + Send + 'static,
    ) -> Stub {
        let headers = headers.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heads = Arc::new(Mutex::new(Vec::new()));
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let (kept, kept_bodies) = (heads.clone(), bodies.clone());
        let task = tokio::spawn(async move {
            for number in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (head, request) = read_request(&mut stream).await;
                kept.lock().unwrap().push(head);
                let (status, body) = answer(number, &request);
                kept_bodies.lock().unwrap().push(request);
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status} x\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n"
                );
                // A client may leave before it has read all.
                stream.write_all(&[head.as_bytes(), &body].concat()).await.ok();
            }
        });
        Stub { url, heads, bodies, task }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The heads of the requests so far, in lower case.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// The bodies of the requests so far.
    pub fn bodies(&self) -> Vec<String> {
        self.bodies.lock().unwrap().clone()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads a request; returns its head, in lower case, and its body.
async fn read_request(stream: &mut TcpStream) -> (String, String) {
    let mut request = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        let count = stream.read(&mut buffer).await.unwrap();
        request.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let Some((head, _)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
        if count == 0 || request.len() >= head.len() + 4 + length.parse::<usize>().unwrap() {
            let body = request.split_off(head.len() + 4);
            return (head.to_owned(), String::from_utf8_lossy(&body).into_owned());
        }
    }
}
