//! A Slurm cluster of one node, this machine, in a folder of its own and on ports of its own: whatever Slurm the
//! machine has besides is not touched.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

/// All in the folder where it is started. --force: others cannot reach a socket in a private folder, and need not.
const MUNGED: &[&str] = &[
    "--foreground",
    "--force",
    "--key-file=key",
    "--socket=socket",
    "--pid-file=munged.pid",
    "--log-file=munged.out",
    "--seed-file=seed",
];

/// A cluster that runs until it is dropped.
pub struct Slurm {
    folder: TempDir,
    daemons: Vec<Child>,
}

impl Slurm {
    /// Starts one. None where there can be none: then standard error says why.
    pub fn start() -> Option<Slurm> {
        let cluster = Slurm::try_start();
        if let Err(why) = &cluster {
            // Not `eprintln!`, which cargo keeps to itself when a test passes.
            let _ = writeln!(
                io::stderr(),
                "SKIPPED, NOTHING TESTED: no Slurm (Debian: apt install slurm-wlm munge): {why}"
            );
        }
        cluster.ok()
    }

    /// A command that speaks to this cluster.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("SLURM_CONF", self.folder.path().join("slurm.conf"));
        command
    }

    fn try_start() -> io::Result<Slurm> {
        let folder = tempfile::tempdir()?;
        for name in ["state", "spool"] {
            fs::create_dir(folder.path().join(name))?;
        }
        fs::write(folder.path().join("slurm.conf"), settings(folder.path())?)?;
        let key = folder.path().join("key");
        fs::write(&key, [7; 128])?;
        fs::set_permissions(&key, Permissions::from_mode(0o600))?;
        let mut cluster = Slurm { folder, daemons: Vec::new() };
        cluster.daemon("munged", MUNGED)?;
        cluster.daemon("slurmctld", &["-D"])?;
        cluster.daemon("slurmd", &["-D"])?;
        cluster.wait_until_idle()?;
        Ok(cluster)
    }

    /// Starts a daemon in the foreground; what it says goes to a file of its name.
    fn daemon(&mut self, name: &str, arguments: &[&str]) -> io::Result<()> {
        let said = File::create(self.folder.path().join(format!("{name}.log")))?;
        let mut command = self.command(name);
        command.args(arguments).current_dir(&self.folder);
        command.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said);
        let child = command.spawn().map_err(|error| io::Error::other(format!("{name}: {error}")))?;
        self.daemons.push(child);
        Ok(())
    }

    /// Until the node takes jobs; half a minute at most, and not where a daemon has ended.
    fn wait_until_idle(&mut self) -> io::Result<()> {
        for _ in 0..150 {
            let asked = self.command("sinfo").args(["--noheader", "--format=%T"]).output()?;
            if asked.stdout.trim_ascii() == b"idle" {
                return Ok(());
            }
            if self.daemons.iter_mut().any(|daemon| matches!(daemon.try_wait(), Ok(Some(_)))) {
                break;
            }
            sleep(Duration::from_millis(200));
        }
        let said = |name: &str| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        let all = ["munged.log", "slurmctld.log", "slurmd.log"].map(said).concat();
        Err(io::Error::other(format!("its daemons do not work here:\n{all}")))
    }

    /// Ends all jobs, which would outlive their daemon; ten seconds at most.
    fn cancel_jobs(&self) {
        let _ = self.command("scancel").arg("--partition=all").status();
        for _ in 0..50 {
            let left = self.command("squeue").arg("--noheader").output();
            if left.map_or(true, |left| left.stdout.is_empty()) {
                return;
            }
            sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        if self.daemons.len() == 3 {
            self.cancel_jobs();
        }
        for daemon in self.daemons.iter_mut().rev() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

/// slurm.conf: one partition with one node, which shares out four processors, however many the machine has.
fn settings(folder: &Path) -> io::Result<String> {
    let host = said_by("uname", "-n")?;
    let host = host.split('.').next().unwrap_or_default();
    let user = said_by("id", "-un")?;
    // Both at once, so that they differ.
    let ports = [TcpListener::bind(("127.0.0.1", 0))?, TcpListener::bind(("127.0.0.1", 0))?];
    let [controller, node] = [ports[0].local_addr()?.port(), ports[1].local_addr()?.port()];
    let folder = folder.display();
    Ok(format!(
        "ClusterName=perjury
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SchedulerParameters=sched_interval=1,bf_interval=1
SlurmdParameters=config_overrides
NodeName=node NodeHostname={host} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP
"
    ))
}

fn said_by(program: &str, argument: &str) -> io::Result<String> {
    let output = Command::new(program).arg(argument).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
