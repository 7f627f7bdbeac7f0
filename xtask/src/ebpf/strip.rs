//! Leaves out what only a debugger reads: nine tenths of the file. The kernel reads BTF, which stays.

use anyhow::{Context, Result};
use object::build::elf::{Builder, SectionData};
use object::elf::SHT_STRTAB;

/// An object without its DWARF.
pub(super) fn debug_sections(object: &[u8]) -> Result<Vec<u8>> {
    let mut builder = Builder::read(object).context("the linker's output is no ELF object")?;
    let mut debug = Vec::new();
    for section in &mut builder.sections {
        let name = section.name.to_string();
        // With their relocations.
        if name.trim_start_matches(".rel").starts_with(".debug_") {
            section.delete = true;
            debug.push(section.id());
        }
    }
    for symbol in &mut builder.symbols {
        if symbol
            .section
            .is_some_and(|section| debug.contains(&section))
        {
            symbol.delete = true;
        }
    }
    builder.delete_orphans();
    // LLVM keeps the names of sections and symbols in one table, which this library does not write.
    let names = builder.sections.add();
    names.name = b".shstrtab"[..].into();
    names.sh_type = SHT_STRTAB;
    names.sh_addralign = 1;
    names.data = SectionData::SectionString;
    let mut stripped = Vec::new();
    builder
        .write(&mut stripped)
        .context("cannot write the stripped object")?;
    Ok(stripped)
}
