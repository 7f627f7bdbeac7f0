//! Policies and lists change, and break.

use super::World;
use crate::account::status;
use crate::policies::{POLICIES, broken_policy, list, policy as policy_text};
use crate::site::{LIST, LONG_LIST};
use anyhow::{Result, ensure};
use std::fs;
use std::io::{ErrorKind, Write};

/// Another policy, which forbids the same.
pub(super) fn policy(world: &mut World) -> Result<()> {
    world.policy = world.random.usize(..POLICIES);
    world.site.write_policy(&policy_text(world.policy))?;
    world.reload()
}

/// What is wrong changes nothing.
pub(super) fn wrong_policy(world: &mut World) -> Result<()> {
    let text = broken_policy(&mut world.random);
    world.site.write_policy(&text)?;
    let is_in_force = world.daemon()?.reload()?;
    ensure!(!is_in_force, "this was put in force:\n{text}");
    world.site.write_policy(&policy_text(world.policy))?;
    world.reload()
}

/// A list of another length.
pub(super) fn other_list(world: &mut World) -> Result<()> {
    let length = world.random.u32(LIST / 2 + 1..LONG_LIST);
    replaced(world, &list(length), "current")
}

pub(super) fn long_list(world: &mut World) -> Result<()> {
    replaced(world, &list(LONG_LIST), "current")
}

pub(super) fn empty_list(world: &mut World) -> Result<()> {
    replaced(world, "", "last_good")
}

pub(super) fn web_page(world: &mut World) -> Result<()> {
    replaced(world, WEB_PAGE, "last_good")
}

/// What is left of it is a list, too.
pub(super) fn cut_list(world: &mut World) -> Result<()> {
    let whole = list(LIST);
    let end = world.random.usize(whole.len() / 10..whole.len() / 3);
    let cut = whole.get(..end).unwrap_or_default();
    let cut = cut.rsplit_once('\n').map_or(cut, |(lines, _)| lines);
    replaced(world, cut, "held")
}

const WEB_PAGE: &str = "<!DOCTYPE html>\n<html><body>Service unavailable</body></html>\n";

/// There is a folder in the place of the file.
pub(super) fn folder(world: &mut World) -> Result<()> {
    fs::remove_file(world.site.list())?;
    fs::create_dir(world.site.list())?;
    in_force_as(world, "last_good")?;
    fs::remove_dir(world.site.list())?;
    restore(world)
}

/// The next daemon finds only what the last one kept.
pub(super) fn web_page_and_kill(world: &mut World) -> Result<()> {
    fs::write(world.site.list(), WEB_PAGE)?;
    world.reload()?;
    world.take_daemon()?.kill()?;
    world.start()?;
    is_list(world, "last_good")?;
    restore(world)
}

/// Nothing can be kept, and what is there is damaged by nobody.
pub(super) fn full_disk(world: &mut World) -> Result<()> {
    let filler = world.site.cache().join("filler");
    let fill = || {
        let mut file = fs::File::create(&filler)?;
        loop {
            match file.write_all(&[0; 1 << 16]) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    };
    world.site.exit().enter(fill)??;
    // Put in force and not kept.
    let length = world.random.u32(LIST..LIST * 2);
    fs::write(world.site.list(), list(length))?;
    in_force_as(world, "current")?;
    // The next daemon goes back to what was kept before.
    fs::write(world.site.list(), WEB_PAGE)?;
    world.take_daemon()?.kill()?;
    world.start()?;
    is_list(world, "last_good")?;
    let filler = world.site.cache().join("filler");
    world.site.exit().enter(|| fs::remove_file(&filler))??;
    restore(world)
}

fn replaced(world: &mut World, text: &str, state: &str) -> Result<()> {
    fs::write(world.site.list(), text)?;
    in_force_as(world, state)?;
    restore(world)
}

fn in_force_as(world: &mut World, state: &str) -> Result<()> {
    world.reload()?;
    is_list(world, state)
}

/// Whatever became of the list, it is in force.
fn is_list(world: &World, state: &str) -> Result<()> {
    let status = status(&world.site)?;
    let is_meant = |list: &exitguard::control::ListStatus| list.state == state && list.entries > 0;
    ensure!(
        status.lists.iter().any(is_meant),
        "the list is not {state}: {:?}",
        status.lists
    );
    Ok(())
}

fn restore(world: &mut World) -> Result<()> {
    fs::write(world.site.list(), list(LIST))?;
    in_force_as(world, "current")
}
