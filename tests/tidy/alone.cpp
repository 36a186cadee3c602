// A program that holds the whole of one fold, and the language: that it links shows that the fold needs nothing else.
int main() {}
