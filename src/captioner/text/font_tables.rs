//! Checks the tables of a font that shaping and color read.
//!
//! harfrust leaves out what it cannot read, without a word: a damaged font would shape some text wrongly, and nobody
//! would know why. So a font with a table that cannot be read, down to the subtables of its lookups, is refused when it
//! is loaded.

use read_fonts::tables::gpos::PositionSubtables;
use read_fonts::tables::gsub::SubstitutionSubtables;
use read_fonts::tables::layout::{FeatureList, ScriptList};
use read_fonts::{ReadError, TableProvider};

use captioner::text::characters::place_of;

/// The tables that letters are made of.
const NEEDED: [&str; 13] =
    ["head", "maxp", "hhea", "hmtx", "cmap", "loca", "glyf", "CFF ", "GDEF", "GSUB", "GPOS", "COLR", "CPAL"];

/// Whether the file ends before one of those tables does.
///
/// # Errors
/// The tag of that table.
pub fn check_length(file: &[u8]) -> Result<(), &'static str> {
    let is_cut_off = |tag: &&&'static str| {
        let tag: &[u8; 4] = tag.as_bytes().first_chunk().expect("a tag has four characters");
        place_of(file, tag).is_some_and(|(offset, length)| offset.saturating_add(length) > file.len())
    };
    NEEDED.iter().find(is_cut_off).map_or(Ok(()), |tag| Err(tag))
}

/// Reads the tables, down to the subtables of their lookups and the layers of their glyphs.
///
/// # Errors
/// The tag of a table that is there and damaged.
pub fn check(font: &harfrust::Font) -> Result<(), &'static str> {
    let tables = font.tables();
    let is_sound = |table: &Result<(), ReadError>| match *table {
        // A table without any lookups is no damage.
        Ok(()) | Err(ReadError::TableIsMissing(_)) | Err(ReadError::NullOffset) => true,
        Err(_) => false,
    };
    let all: [(&'static str, Result<(), ReadError>); 4] = [
        ("GDEF", gdef(&tables)),
        ("GSUB", gsub(&tables)),
        ("GPOS", gpos(&tables)),
        ("COLR", color(&tables, font.num_glyphs())),
    ];
    all.iter().find(|(_, table)| !is_sound(table)).map_or(Ok(()), |&(tag, _)| Err(tag))
}

/// Reads all subtables of a lookup.
macro_rules! read_all {
    ($subtables:expr, $kind:ident: $($variant:ident)*) => {
        match $subtables {
            $($kind::$variant(ref subtables) => {
                for subtable in subtables.iter() {
                    subtable?;
                }
            })*
            $kind::EmptyExtension => {}
        }
    };
}

fn gdef<'a, T: TableProvider<'a>>(tables: &T) -> Result<(), ReadError> {
    let table = tables.gdef()?;
    table.glyph_class_def().transpose()?;
    table.mark_attach_class_def().transpose()?;
    table.mark_glyph_sets_def().transpose()?;
    Ok(())
}

fn gsub<'a, T: TableProvider<'a>>(tables: &T) -> Result<(), ReadError> {
    let table = tables.gsub()?;
    lists(&table.script_list()?, &table.feature_list()?)?;
    for lookup in table.lookup_list()?.lookups().iter() {
        let subtables = lookup?.subtables()?;
        read_all!(subtables, SubstitutionSubtables:
            Single Multiple Alternate Ligature Contextual ChainContextual Reverse);
    }
    Ok(())
}

fn gpos<'a, T: TableProvider<'a>>(tables: &T) -> Result<(), ReadError> {
    let table = tables.gpos()?;
    lists(&table.script_list()?, &table.feature_list()?)?;
    for lookup in table.lookup_list()?.lookups().iter() {
        let subtables = lookup?.subtables()?;
        read_all!(subtables, PositionSubtables:
            Single Pair Cursive MarkToBase MarkToLig MarkToMark Contextual ChainContextual);
    }
    Ok(())
}

fn lists(scripts: &ScriptList, features: &FeatureList) -> Result<(), ReadError> {
    for record in scripts.script_records() {
        let script = record.script(scripts.offset_data())?;
        script.default_lang_sys().transpose()?;
        for record in script.lang_sys_records() {
            record.lang_sys(script.offset_data())?;
        }
    }
    for record in features.feature_records() {
        record.feature(features.offset_data())?;
    }
    Ok(())
}

/// Every base glyph has its layers, every layer its outline and its color.
fn color<'a, T: TableProvider<'a>>(tables: &T, glyph_count: u32) -> Result<(), ReadError> {
    const FOREGROUND: u16 = 0xFFFF;
    let table = tables.colr()?;
    let bases = table.base_glyph_records().transpose()?.unwrap_or_default();
    if bases.is_empty() {
        return Ok(());
    }
    let layers = table.layer_records().transpose()?.unwrap_or_default();
    // Not `TableIsMissing`, which would stand for a font without colors.
    let palettes = tables.cpal().map_err(|_| ReadError::OutOfBounds)?;
    let color_count = palettes.num_palette_entries();
    let colors = palettes.color_records_array().transpose()?.unwrap_or_default();
    let first = palettes.color_record_indices().first().map_or(0, |first| usize::from(first.get()));
    if first + usize::from(color_count) > colors.len() {
        return Err(ReadError::OutOfBounds);
    }
    let is_sound = bases.windows(2).all(|pair| pair[0].glyph_id() < pair[1].glyph_id())
        && bases.iter().all(|base| {
            usize::from(base.first_layer_index()) + usize::from(base.num_layers()) <= layers.len()
        })
        && layers.iter().all(|layer| {
            u32::from(layer.glyph_id().to_u16()) < glyph_count
                && (layer.palette_index() < color_count || layer.palette_index() == FOREGROUND)
        });
    if is_sound {
        Ok(())
    } else {
        Err(ReadError::OutOfBounds)
    }
}
