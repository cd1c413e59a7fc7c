//! Stands between the program and the servers, and spoils requests to S3 as configured.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A fault applied to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoil {
    /// 403, and nothing is written.
    Refuse,
    /// The request is carried out, and its answer never comes.
    LoseTheAnswer,
    /// 409: another put of the key is under way.
    Conflict,
    /// 412, though nothing is there.
    Precondition,
    /// 500.
    Fail,
    /// The answer takes a while.
    Slow,
    /// The connection is cut while the request is being sent.
    CutTheRequest,
}

impl Spoil {
    pub const ALL: [Spoil; 7] = [
        Spoil::Refuse,
        Spoil::LoseTheAnswer,
        Spoil::Conflict,
        Spoil::Precondition,
        Spoil::Fail,
        Spoil::Slow,
        Spoil::CutTheRequest,
    ];
}

/// Requests that are spoiled: those whose first line has `method` and `path` in it, the first `times` of them.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    pub spoil: Spoil,
    pub method: &'static str,
    pub path: &'static str,
    pub times: usize,
}

/// The proxy, which ends with this value.
pub struct Proxy {
    url: String,
    rules: Arc<Mutex<Vec<Rule>>>,
    requests: Arc<AtomicUsize>,
    asked_of_s3: Arc<Mutex<Vec<&'static str>>>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Hands calls of EC2 and STS, which are posted to `/`, to `ec2`, and all others to `s3`.
    pub async fn start(ec2: &str, s3: &str) -> Proxy {
        Proxy::serving(ec2, s3, None).await
    }

    /// The same, and all answers are those of a server of this name.
    pub async fn naming(server: &'static str, ec2: &str, s3: &str) -> Proxy {
        Proxy::serving(ec2, s3, Some(server)).await
    }

    async fn serving(ec2: &str, s3: &str, server: Option<&'static str>) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let address = |url: &str| url.strip_prefix("http://").unwrap().to_owned();
        let (ec2, s3) = (address(ec2), address(s3));
        let rules: Arc<Mutex<Vec<Rule>>> = Arc::default();
        let requests: Arc<AtomicUsize> = Arc::default();
        let asked_of_s3: Arc<Mutex<Vec<&'static str>>> = Arc::default();
        let (known, counted, asked) = (rules.clone(), requests.clone(), asked_of_s3.clone());
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                let (rules, asked, ec2, s3) = (known.clone(), asked.clone(), ec2.clone(), s3.clone());
                // A connection that breaks is what many of these tests are about.
                tokio::spawn(async move { drop(serve(client, &rules, &asked, &ec2, &s3, server).await) });
            }
        });
        Proxy { url, rules, requests, asked_of_s3, task }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the number of requests so far: each has a connection of its own.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Returns the kinds of the requests to S3 since this was last asked, in alphabetical order.
    pub fn asked_of_s3(&self) -> Vec<&'static str> {
        let mut asked = std::mem::take(&mut *self.asked_of_s3.lock().unwrap());
        asked.sort_unstable();
        asked
    }

    pub fn spoil(&self, rules: &[Rule]) {
        *self.rules.lock().unwrap() = rules.to_vec();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One request; the connection ends with its answer.
async fn serve(
    mut client: TcpStream,
    rules: &Mutex<Vec<Rule>>,
    asked_of_s3: &Mutex<Vec<&'static str>>,
    ec2: &str,
    s3: &str,
    server: Option<&str>,
) -> std::io::Result<()> {
    let (mut request, head_end) = read_head(&mut client).await?;
    let head = String::from_utf8_lossy(&request[..head_end]).into_owned();
    asked_of_s3.lock().unwrap().extend(kind_of_s3(head.lines().next().unwrap_or_default()));
    let spoil = matching(rules, head.lines().next().unwrap_or_default());
    if spoil == Some(Spoil::CutTheRequest) {
        return Ok(());
    }
    let length = content_length(&head);
    if head.to_lowercase().contains("expect: 100-continue") {
        client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    read_rest(&mut client, &mut request, head_end + length).await?;
    let answer = match spoil {
        Some(Spoil::Refuse) => error(403, "AccessDenied"),
        Some(Spoil::Conflict) => error(409, "ConditionalRequestConflict"),
        Some(Spoil::Precondition) => error(412, "PreconditionFailed"),
        Some(Spoil::Fail) => error(500, "InternalError"),
        Some(Spoil::Slow) => {
            tokio::time::sleep(Duration::from_millis(700)).await;
            forward(&request, head_end, if head.starts_with("POST / ") { ec2 } else { s3 }).await?
        }
        _ => forward(&request, head_end, if head.starts_with("POST / ") { ec2 } else { s3 }).await?,
    };
    if spoil != Some(Spoil::LoseTheAnswer) {
        client.write_all(&server.map_or(answer.clone(), |server| renamed(&answer, server))).await?;
    }
    client.shutdown().await
}

/// Reads up to the end of the head; what was read, and how long the head is.
pub(super) async fn read_head(client: &mut TcpStream) -> std::io::Result<(Vec<u8>, usize)> {
    let mut request = Vec::new();
    loop {
        if let Some(end) = request.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            return Ok((request, end + 4));
        }
        let mut more = vec![0; 16 * 1024];
        let read = client.read(&mut more).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        request.extend_from_slice(&more[..read]);
    }
}

/// Reads until `request` has `length` bytes.
pub(super) async fn read_rest(
    client: &mut TcpStream,
    request: &mut Vec<u8>,
    length: usize,
) -> std::io::Result<()> {
    while request.len() < length {
        let mut more = vec![0; 64 * 1024];
        let read = client.read(&mut more).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        request.extend_from_slice(&more[..read]);
    }
    Ok(())
}

pub(super) fn content_length(head: &str) -> usize {
    let value = |line: &str| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok();
    head.lines().find_map(value).unwrap_or(0)
}

/// The kind of a request to S3, by what S3 takes for it: a list costs as much as a put.
fn kind_of_s3(first_line: &str) -> Option<&'static str> {
    match first_line.split_once(' ')? {
        ("GET", path) if path.contains("list-type=2") || path.contains("?versions") => Some("LIST"),
        ("GET", _) => Some("GET"),
        ("HEAD", _) => Some("HEAD"),
        ("PUT", _) => Some("PUT"),
        _ => None,
    }
}

/// The answer with another name of its server.
fn renamed(answer: &[u8], server: &str) -> Vec<u8> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let others = head.lines().filter(|line| !line.to_lowercase().starts_with("server:"));
    let head =
        others.map(str::to_owned).chain([format!("Server: {server}")]).collect::<Vec<_>>().join("\r\n");
    [head.as_bytes(), &answer[end..]].concat()
}

fn matching(rules: &Mutex<Vec<Rule>>, first_line: &str) -> Option<Spoil> {
    let mut rules = rules.lock().unwrap();
    let rule = rules.iter_mut().find(|rule| {
        rule.times > 0 && first_line.starts_with(rule.method) && first_line.contains(rule.path)
    })?;
    rule.times -= 1;
    Some(rule.spoil)
}

fn error(status: u16, code: &str) -> Vec<u8> {
    let body = format!("<Error><Code>{code}</Code><Message>as the test said</Message></Error>");
    let length = body.len();
    format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").into_bytes()
}

/// The whole answer; the connection is not kept, so its end is the answer's.
pub(super) async fn forward(request: &[u8], head_end: usize, to: &str) -> std::io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(to).await?;
    server.write_all(&request[..head_end - 2]).await?;
    server.write_all(b"connection: close\r\n\r\n").await?;
    server.write_all(&request[head_end..]).await?;
    let mut answer = Vec::new();
    // A server that resets has answered as far as it wanted.
    let _ = server.read_to_end(&mut answer).await;
    Ok(answer)
}
