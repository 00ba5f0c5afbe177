//! Stands between Threadline and the fake Slack and notes when each message comes by: the moment at
//! which Slack has the request in hand. It hands requests and answers through unchanged.

use crate::http::{Whole, header, whole};
use crate::ledger::Ledger;
use crate::stamp::{Stamp, Way, find_stamps, position};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Room for a request or an answer; it grows if one is longer.
const MESSAGE_BYTES: usize = 8 * 1024;

/// Where customers' threads are: the channel and the `ts` of the root.
#[derive(Debug)]
pub struct Threads(Vec<OnceLock<(String, String)>>);

impl Threads {
    /// No threads yet, for so many customers.
    pub fn new(customers: usize) -> Threads {
        Threads((0..customers).map(|_| OnceLock::new()).collect())
    }

    /// The thread of a customer, once something of his has come by.
    pub fn of(&self, customer: usize) -> Option<&(String, String)> {
        self.0[customer].get()
    }

    fn learn(&self, stamp: Stamp, request: &[u8]) {
        let Some(slot) = self.0.get(stamp.customer as usize).filter(|slot| slot.get().is_none()) else { return };
        if let (Some(channel), Some(ts)) = (text_of(request, b"\"channel\":\""), text_of(request, b"\"thread_ts\":\""))
        {
            slot.get_or_init(|| (channel, ts));
        }
    }
}

/// Starts a witness before the server at `slack`; gives its own address.
pub async fn start(slack: SocketAddr, ledger: Arc<Ledger>, threads: Arc<Threads>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (ledger, threads) = (ledger.clone(), threads.clone());
            // How a connection ends is the client's business.
            tokio::spawn(async move { relay(client, slack, &ledger, &threads).await });
        }
    });
    Ok(address)
}

async fn relay(mut client: TcpStream, slack: SocketAddr, ledger: &Ledger, threads: &Threads) -> io::Result<()> {
    let mut server = TcpStream::connect(slack).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut request, mut answer) = (Vec::with_capacity(MESSAGE_BYTES), Vec::with_capacity(MESSAGE_BYTES));
    let mut seen = Vec::new();
    while read(&mut client, &mut request).await?.is_some() {
        seen.clear();
        find_stamps(Way::ToSlack, &request, |stamp| {
            // A post says everything twice: in its blocks and in its text.
            if !seen.contains(&stamp) {
                seen.push(stamp);
                threads.learn(stamp, &request);
                ledger.arrive(stamp);
            }
        });
        server.write_all(&request).await?;
        let Some(whole) = read(&mut server, &mut answer).await? else { break };
        client.write_all(&answer).await?;
        if header(&answer[..whole.body], b"connection") == Some("close") {
            break;
        }
    }
    Ok(())
}

/// Reads one whole message; none at the end of the connection.
async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<Whole>> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
        if let Some(whole) = whole(buffer)
            && buffer.len() >= whole.end
        {
            return Ok(Some(whole));
        }
    }
}

fn text_of(json: &[u8], name: &[u8]) -> Option<String> {
    let from = position(json, name)? + name.len();
    let length = json[from..].iter().position(|byte| *byte == b'"')?;
    Some(String::from_utf8_lossy(&json[from..from + length]).into_owned())
}
