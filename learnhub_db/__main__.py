from learnhub_db.cli import main

main()
