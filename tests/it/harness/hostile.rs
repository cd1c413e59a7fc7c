//! A server that answers without end, or so slowly that it comes to the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The speed at which the body of every answer is sent.
#[derive(Debug, Clone, Copy)]
pub enum Flow {
    /// As fast as it is read.
    Flood,
    /// A byte at a time.
    Drip,
}

/// The server, which ends with this value.
pub struct Hostile {
    url: String,
    requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Hostile {
    /// Begins every answer with `head`, whose last line is no header but how the body begins, and goes on from there. A head
    /// without `content-length` makes the body one of chunks.
    pub async fn start(head: &str, flow: Flow) -> Hostile {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let (counted, head) = (requests.clone(), head.to_owned());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let head = head.clone();
                // A client that has enough closes the connection.
                tokio::spawn(async move { answer(stream, &head, flow).await.ok() });
            }
        });
        Hostile { url, requests, task }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the number of requests received.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(mut stream: TcpStream, head: &str, flow: Flow) -> std::io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    if stream.read(&mut buffer).await? == 0 {
        return Ok(());
    }
    let is_chunked = !head.contains("content-length");
    let encoding = if is_chunked { "transfer-encoding: chunked\r\n" } else { "" };
    stream.write_all(format!("HTTP/1.1 {head}\r\n{encoding}\r\n").as_bytes()).await?;
    let (bytes, pause) = match flow {
        Flow::Flood => (64 * 1024, Duration::ZERO),
        Flow::Drip => (1, Duration::from_millis(50)),
    };
    let body = "<".repeat(bytes);
    let part = if is_chunked { format!("{bytes:x}\r\n{body}\r\n") } else { body };
    loop {
        stream.write_all(part.as_bytes()).await?;
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }
}
