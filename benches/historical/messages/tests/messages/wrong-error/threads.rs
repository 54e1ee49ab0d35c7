// The third of four steps fails with an error that nothing converts into the one of the others.

use std::io;

struct Refusal;

fn read() -> Result<String, Refusal> {
    Ok(String::new())
}

fn decode(body: &str) -> Result<usize, Refusal> {
    Ok(body.len())
}

fn find(template: usize) -> io::Result<Vec<u8>> {
    Ok(vec![0; template])
}

fn draw(mut template: Vec<u8>) -> Result<Vec<u8>, Refusal> {
    template.push(1);
    Ok(template)
}

fn answer() -> Result<usize, Refusal> {
    let body = read()?;
    let asked = decode(&body)?;
    let template = find(asked)?;
    let picture = draw(template)?;
    Ok(picture.len())
}

fn main() {
    let _ = answer();
}
