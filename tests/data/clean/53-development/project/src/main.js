document.title = "example";
