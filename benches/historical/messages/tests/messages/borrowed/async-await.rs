// What draws is borrowed, and the work may outlive the loan.

struct Captioner;

impl Captioner {
    async fn draw(&self, body: Vec<u8>) -> usize {
        body.len()
    }
}

async fn read() -> Vec<u8> {
    Vec::new()
}

fn serve(captioner: &Captioner) {
    tokio::spawn(async move {
        let body = read().await;
        let length = captioner.draw(body).await;
        println!("{length}");
    });
}

fn main() {
    serve(&Captioner);
}
