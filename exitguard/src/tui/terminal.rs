//! The terminal, which is given back as it was: at the end, on signals and on panics.

use super::input::Input;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{self, DisableMouseCapture, EnableMouseCapture, Event};
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{execute, queue};
use ratatui::layout::Size;
use std::io::{self, BufWriter, Stdout, stdout};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread;

/// Whether there is anything to give back.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// A frame is written at once.
const FRAME_BYTES: usize = 64 << 10;

/// The terminal, taken.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

impl Screen {
    /// Takes the terminal.
    pub(super) fn open() -> io::Result<Self> {
        restore_on_panic();
        enable_raw_mode()?;
        IS_TAKEN.store(true, Ordering::SeqCst);
        let opened = Self::start();
        if opened.is_err() {
            restore();
        }
        opened
    }

    fn start() -> io::Result<Self> {
        // Not `Terminal::clear`, which asks the terminal where its cursor is and waits for the answer.
        execute!(
            stdout(),
            EnterAlternateScreen,
            EnableMouseCapture,
            Clear(ClearType::All)
        )?;
        let writer = BufWriter::with_capacity(FRAME_BYTES, stdout());
        let terminal = Terminal::new(CrosstermBackend::new(writer))?;
        Ok(Self { terminal })
    }

    pub(super) fn size(&self) -> io::Result<Size> {
        self.terminal.size()
    }

    /// Writes what is different from the last frame.
    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Buffer)) -> io::Result<()> {
        if !IS_TAKEN.load(Ordering::SeqCst) {
            return Err(io::Error::other("it was given back"));
        }
        // Terminals that know it show all of a frame or nothing; the others ignore it.
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| draw(frame.buffer_mut()))?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back, once.
fn restore() {
    if !IS_TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // A terminal that is gone wants nothing back.
    let _ = disable_raw_mode();
    let _ = execute!(
        stdout(),
        EndSynchronizedUpdate,
        DisableMouseCapture,
        LeaveAlternateScreen,
        Show
    );
}

/// Before the message of a panic is written: on the other screen nobody would see it.
fn restore_on_panic() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |what| {
        restore();
        before(what);
    }));
}

/// From here on keys, the mouse and sizes are inputs.
pub(super) fn forward(inputs: SyncSender<Input>) -> io::Result<()> {
    let read = move || {
        loop {
            let input = match event::read() {
                Ok(Event::Key(key)) => Input::Key(key),
                Ok(Event::Mouse(mouse)) => Input::Mouse(mouse),
                Ok(Event::Resize(width, height)) => Input::Resize(width, height),
                Ok(_) => continue,
                // Nobody can type any more.
                Err(_) => Input::Quit,
            };
            let is_last = matches!(input, Input::Quit);
            if inputs.send(input).is_err() || is_last {
                return;
            }
        }
    };
    thread::Builder::new()
        .name("top-keys".to_owned())
        .spawn(read)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::pty::{Winsize, openpty};
    use nix::sys::termios::tcgetattr;
    use std::fs::File;
    use std::io::Read;
    use std::process::{Command, Stdio};

    /// In a process of its own: there is one terminal to a process, and one place for what is done on panics.
    #[test]
    fn a_panic_is_told_on_a_terminal_that_was_given_back() {
        const CHILD: &str = "EXITGUARD_TEST_PANICS";
        if std::env::var_os(CHILD).is_some() {
            let _screen = Screen::open().unwrap();
            panic!("for the test");
        }
        let size = Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pty = openpty(Some(&size), None).unwrap();
        let before = tcgetattr(&pty.slave).unwrap();
        let terminal = || Stdio::from(pty.slave.try_clone().unwrap());
        let name = "tui::terminal::tests::a_panic_is_told_on_a_terminal_that_was_given_back";
        let mut child = Command::new(std::env::current_exe().unwrap());
        child
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, "1")
            .stdin(terminal())
            .stdout(terminal())
            .stderr(terminal());
        let mut child = child.spawn().unwrap();
        let mut shown = Vec::new();
        let mut chunk = [0; 4096];
        let mut master = File::from(pty.master.try_clone().unwrap());
        let told = |shown: &[u8]| {
            let text = String::from_utf8_lossy(shown).into_owned();
            text.contains("test result").then_some(text)
        };
        let text = loop {
            if let Some(text) = told(&shown) {
                break text;
            }
            let length = master.read(&mut chunk).unwrap();
            shown.extend_from_slice(&chunk[..length]);
        };
        assert!(!child.wait().unwrap().success());
        let place = |what| {
            text.find(what)
                .unwrap_or_else(|| panic!("{what:?}: {text:?}"))
        };
        let [taken, given_back] = ["\u{1b}[?1049h", "\u{1b}[?1049l"].map(place);
        assert!(taken < given_back && given_back < place("for the test"));
        // The mouse is the terminal's own again, and the cursor is seen.
        assert!(given_back > place("\u{1b}[?1000l") && given_back < place("\u{1b}[?25h"));
        assert_eq!(tcgetattr(&pty.slave).unwrap(), before);
    }
}
