//! A wire between two parties that a play can cut and mend: what comes in is passed on to one of the
//! ends that are there, in turn, as a load balancer does.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A wire. Dropping it cuts it for good.
#[derive(Debug)]
pub struct Wire {
    /// Where it begins: `127.0.0.1:PORT`
    pub address: String,
    ends: Arc<Mutex<Ends>>,
    cuts: watch::Sender<u32>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Ends {
    addresses: Vec<String>,
    turn: usize,
}

impl Wire {
    /// A wire that leads nowhere yet.
    pub async fn lay() -> Wire {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (ends, (cuts, cut)) = (Arc::<Mutex<Ends>>::default(), watch::channel(0));
        let of_task = ends.clone();
        let task = tokio::spawn(async move {
            // Without file descriptors nothing is passed on, which the play finds out.
            while let Ok((here, _)) = listener.accept().await {
                tokio::spawn(pass_on(here, of_task.clone(), cut.clone()));
            }
        });
        Wire { address, ends, cuts, task }
    }

    /// Leads to these from now on; what goes through already stays as it is.
    pub fn leads_to(&self, addresses: Vec<String>) {
        lock(&self.ends).addresses = addresses;
    }

    /// Cuts whatever goes through it. What comes afterwards is passed on.
    pub fn is_cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
        self.is_cut();
    }
}

async fn pass_on(mut here: TcpStream, ends: Arc<Mutex<Ends>>, mut cut: watch::Receiver<u32>) {
    cut.mark_unchanged();
    let Some(mut there) = connect(&ends).await else { return };
    let (_, _) = (here.set_nodelay(true), there.set_nodelay(true));
    tokio::select! {
        // Either side may hang up.
        _ = copy_bidirectional(&mut here, &mut there) => {}
        _ = cut.changed() => {}
    }
}

/// One end after the other, beginning with the one whose turn it is.
async fn connect(ends: &Mutex<Ends>) -> Option<TcpStream> {
    let addresses = {
        let mut ends = lock(ends);
        ends.turn += 1;
        let mut addresses = ends.addresses.clone();
        let turn = ends.turn % addresses.len().max(1);
        addresses.rotate_left(turn);
        addresses
    };
    for address in addresses {
        if let Ok(there) = TcpStream::connect(address).await {
            return Some(there);
        }
    }
    None
}

fn lock(ends: &Mutex<Ends>) -> MutexGuard<'_, Ends> {
    ends.lock().unwrap_or_else(PoisonError::into_inner)
}
