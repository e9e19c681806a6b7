"""Grade what a class has handed in, without trust in any of it: `python -m cnncourse grade`.

collect     whose notebooks there are, in a folder or in the zip of an LMS
notebook    a notebook's cells as data, and its answers by the tags of the lesson's blanks
code        what an answer needs of the cells above it, read and not run
inside      runs answers, in a process that nobody trusts
confine     takes from that process what it does not need
sandbox     starts it under bubblewrap, and takes what comes out of it
values      plain values as bytes and back, and nothing but these
networks    Keras networks as plain values and back, within bounds
judge       compares with the solution, and names the mistake
apart       has the judge do that in a sandbox of its own, in which no student's code runs
bank        the exercises to grade by: the course's, or an instructor's own
work        every submission once, here by processes, with a record kept of it
cluster     the same by the workers of a Dask scheduler
marks       points, and the table of marks
report      pages for students and for the class
evening     the command: from what was given to what is written
"""
