// The third of four steps fails with an error that nothing converts into the one of the others.

use std::io;

struct Refusal;

async fn read() -> Result<String, Refusal> {
    Ok(String::new())
}

async fn decode(body: &str) -> Result<usize, Refusal> {
    Ok(body.len())
}

async fn find(template: usize) -> io::Result<Vec<u8>> {
    Ok(vec![0; template])
}

async fn draw(mut template: Vec<u8>) -> Result<Vec<u8>, Refusal> {
    template.push(1);
    Ok(template)
}

async fn answer() -> Result<usize, Refusal> {
    let body = read().await?;
    let asked = decode(&body).await?;
    let template = find(asked).await?;
    let picture = draw(template).await?;
    Ok(picture.len())
}

fn main() {
    drop(answer());
}
