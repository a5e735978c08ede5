use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::time::sleep;

use super::message::{Framing, Head, Messages};
use super::script::{Fault, Script};

/// How often a slow body moves.
const SLOW_TICK: Duration = Duration::from_millis(20);

/// What becomes of a connection after an exchange.
#[derive(PartialEq, Eq)]
enum After {
    Keep,
    Close,
    Reset,
}

/// Serves one connection of a client until it closes or a fault ends it.
pub(super) async fn relay(mut client: TcpStream, upstream: SocketAddr, script: &Script) -> io::Result<()> {
    script.connected();
    let mut service: Option<TcpStream> = None;
    let after = loop {
        let (reader, writer) = client.split();
        let mut requests = Messages::new(reader);
        let Some(head) = requests.head().await? else { return Ok(()) };
        let fault = script.fault_of(&head.request());
        let behind = match service.take() {
            Some(service) => service,
            None => TcpStream::connect(upstream).await?,
        };
        behind.set_nodelay(true)?;
        let mut exchange = Exchange { requests, answers: writer, script, fault };
        let (after, behind) = exchange.run(head, behind).await;
        match after {
            After::Keep => service = behind,
            after => break after,
        }
    };
    if after == After::Reset {
        client.set_zero_linger()?;
    }
    Ok(())
}

struct Exchange<'a> {
    requests: Messages<ReadHalf<'a>>,
    answers: WriteHalf<'a>,
    script: &'a Script,
    fault: Option<Fault>,
}

impl Exchange<'_> {
    /// One request and its answer; gives the service's connection back where it can be used again.
    async fn run(&mut self, head: Head, mut service: TcpStream) -> (After, Option<TcpStream>) {
        let done = match self.fault.clone() {
            Some(Fault::Hang) => pending().await,
            Some(Fault::Status { forward_first: false, .. }) => self.refuse(&head).await,
            _ => self.pass_on(&head, &mut service).await,
        };
        match done {
            Ok(After::Keep) => (After::Keep, Some(service)),
            Ok(after) => (after, None),
            Err(_) => (After::Close, None),
        }
    }

    /// Takes the request in and answers as the script says.
    async fn refuse(&mut self, head: &Head) -> io::Result<After> {
        let waits = head.header("expect").is_some();
        let mut framing = head.request_framing();
        if !waits {
            while let Some(piece) = self.requests.piece(&mut framing).await? {
                self.script.took(piece.len() as u64);
            }
        }
        answer_by_script(&mut self.answers, self.fault.as_ref()).await?;
        Ok(if waits { After::Close } else { After::Keep })
    }

    async fn pass_on(&mut self, head: &Head, service: &mut TcpStream) -> io::Result<After> {
        let (reader, mut writer) = service.split();
        let mut responses = Messages::new(reader);
        writer.write_all(head.text.as_bytes()).await?;
        let mut framing = head.request_framing();
        let (fault, script) = (self.fault.clone(), self.script);
        let (requests, answers) = (&mut self.requests, &mut self.answers);
        let upload = send_up(requests, &mut framing, &mut writer, fault.clone(), script);
        tokio::pin!(upload);
        let mut uploading = true;
        loop {
            let response = tokio::select! {
                uploaded = &mut upload, if uploading => {
                    uploading = false;
                    match uploaded? {
                        After::Keep => continue,
                        after => return Ok(after),
                    }
                }
                response = responses.head() => response?,
            };
            let Some(response) = response else { return Ok(After::Close) };
            if response.status().is_informational() {
                answers.write_all(response.text.as_bytes()).await?;
                continue;
            }
            // An answer before the end of the request leaves the rest of it unread.
            let after = if uploading { After::Close } else { After::Keep };
            let passed = Answer { responses: &mut responses, answers: &mut *answers, fault: fault.clone() }
                .pass(&response, &head.request().method)
                .await?;
            return match passed {
                Passed::Instead => {
                    answer_by_script(answers, fault.as_ref()).await?;
                    Ok(after)
                }
                Passed::As(After::Keep) => Ok(after),
                Passed::As(other) => Ok(other),
            };
        }
    }
}

async fn answer_by_script(answers: &mut WriteHalf<'_>, fault: Option<&Fault>) -> io::Result<()> {
    let Some(Fault::Status { code, headers, body, .. }) = fault else { return Ok(()) };
    let mut text = format!("HTTP/1.1 {code}\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    answers.write_all(&[text.as_bytes(), body].concat()).await
}

/// Passes a request's body on.
async fn send_up(
    requests: &mut Messages<ReadHalf<'_>>,
    framing: &mut Framing,
    service: &mut (impl AsyncWrite + Unpin),
    fault: Option<Fault>,
    script: &Script,
) -> io::Result<After> {
    let mut passed = 0;
    if matches!(fault, Some(Fault::ResetAfterRequestBytes(0))) {
        return Ok(After::Reset);
    }
    while let Some(piece) = requests.piece(framing).await? {
        let (piece, whole) = match fault {
            Some(Fault::ResetAfterRequestBytes(count)) => up_to(&piece, passed, count),
            Some(Fault::CorruptRequestByte(place)) => (corrupted(&piece, passed, place), true),
            _ => (piece, true),
        };
        passed += piece.len() as u64;
        script.took(piece.len() as u64);
        service.write_all(&piece).await?;
        if !whole {
            return Ok(After::Reset);
        }
    }
    Ok(After::Keep)
}

/// An answer on its way back.
struct Answer<'a, 'service, 'client> {
    responses: &'a mut Messages<ReadHalf<'service>>,
    answers: &'a mut WriteHalf<'client>,
    fault: Option<Fault>,
}

/// How an answer was passed.
enum Passed {
    /// It was taken in; the script's own is to be given.
    Instead,
    As(After),
}

impl Answer<'_, '_, '_> {
    async fn pass(&mut self, head: &Head, method: &str) -> io::Result<Passed> {
        let mut framing = head.response_framing(method);
        let until_close = matches!(framing, Framing::UntilClose);
        match &self.fault {
            Some(Fault::ResetBeforeResponse) => return Ok(Passed::As(After::Reset)),
            Some(Fault::Status { .. }) => {
                while self.responses.piece(&mut framing).await?.is_some() {}
                return Ok(Passed::Instead);
            }
            Some(Fault::Delay(delay)) => sleep(*delay).await,
            _ => {}
        }
        let text = match &self.fault {
            Some(Fault::Header { name, value }) => head.with_header(name, value).text,
            _ => head.text.clone(),
        };
        self.answers.write_all(text.as_bytes()).await?;
        let mut passed = 0;
        if let Some(after) = self.cut(Bytes::new(), &mut passed).await? {
            return Ok(Passed::As(after));
        }
        while let Some(piece) = self.responses.piece(&mut framing).await? {
            if let Some(after) = self.cut(piece, &mut passed).await? {
                return Ok(Passed::As(after));
            }
        }
        Ok(Passed::As(if until_close { After::Close } else { After::Keep }))
    }

    /// Passes a piece of the body as the fault lets it; says what becomes of the connection where it ends there.
    async fn cut(&mut self, piece: Bytes, passed: &mut u64) -> io::Result<Option<After>> {
        let (piece, end) = match self.fault {
            Some(Fault::ResetAfterResponseBytes(count)) => ended(&piece, *passed, count, After::Reset),
            Some(Fault::Truncate(count)) => ended(&piece, *passed, count, After::Close),
            Some(Fault::HangAfterResponseBytes(count)) => {
                let (piece, whole) = up_to(&piece, *passed, count);
                if !whole {
                    self.answers.write_all(&piece).await?;
                    pending::<()>().await;
                }
                (piece, None)
            }
            Some(Fault::CorruptByte(place)) => (corrupted(&piece, *passed, place), None),
            Some(Fault::SlowRead { bytes_per_second }) => {
                self.trickle(&piece, bytes_per_second).await?;
                return Ok(None);
            }
            _ => (piece, None),
        };
        *passed += piece.len() as u64;
        self.answers.write_all(&piece).await?;
        Ok(end)
    }

    async fn trickle(&mut self, piece: &[u8], bytes_per_second: u64) -> io::Result<()> {
        let per_tick = (bytes_per_second * SLOW_TICK.as_millis() as u64 / 1000).max(1);
        for drop in piece.chunks(usize::try_from(per_tick).unwrap_or(usize::MAX)) {
            self.answers.write_all(drop).await?;
            sleep(SLOW_TICK).await;
        }
        Ok(())
    }
}

fn ended(piece: &Bytes, passed: u64, count: u64, after: After) -> (Bytes, Option<After>) {
    let (piece, whole) = up_to(piece, passed, count);
    (piece, (!whole).then_some(after))
}

/// The piece up to byte `count` of the body, and whether the body may go on behind it.
fn up_to(piece: &Bytes, passed: u64, count: u64) -> (Bytes, bool) {
    let left = usize::try_from(count.saturating_sub(passed)).unwrap_or(usize::MAX);
    (piece.slice(..piece.len().min(left)), piece.len() < left)
}

/// The piece with one byte changed, where it holds that byte.
fn corrupted(piece: &Bytes, passed: u64, place: u64) -> Bytes {
    let mut bytes = piece.to_vec();
    let found = place.checked_sub(passed).and_then(|place| bytes.get_mut(usize::try_from(place).ok()?));
    if let Some(byte) = found {
        *byte ^= 0xFF;
    }
    bytes.into()
}
