//! Two tasks of today's tokio. One of them panics.

use std::time::Duration;

use tokio::time::sleep;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let works = tokio::spawn(async {
        sleep(Duration::from_millis(50)).await;
        "done"
    });
    let panics = tokio::spawn(async { panic!("on purpose") });
    let error = panics.await.expect_err("it panics");
    let is_panic = error.is_panic();
    let panic = error.into_panic();
    println!("panics: is_panic is {is_panic}, with {:?}", panic.downcast_ref::<&str>());
    println!("works: {:?}", works.await.expect("it does not panic"));
}
