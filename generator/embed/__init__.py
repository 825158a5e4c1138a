"""What other people's pages and papers take of a built site: snippets and contact sheets."""
