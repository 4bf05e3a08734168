"""My List under fire: `python -m benchmarks.faults`.

servers     PostgreSQL, Redis and gunicorn, to be started, killed, paused and restarted
proxy       what stands between an instance and a server, and can cut, hold or slow what passes
troubles    what goes wrong during a run
people      clients that use their lists, and write down what they were told and when
staff       who renames, withdraws and deletes titles while people read
visitors    who signs out or is shut out, and must be refused from then on
lists       a list as it is when one thing happens after another
linearizability   whether a history could have happened in some order, one thing after another
cards       whether what a title shows was true when it was shown
verdict     a run, judged
breaking    defects on purpose, to show that they are found
"""
