"""What staff do at the desk, written down as it happens: who, when, to what, and what changed.

Nobody has to remember to do so. While a request of somebody on the staff is answered at the desk, every statement that
writes to the database leaves a row beside what it wrote, in the same transaction (`watching`); what writes nothing
and matters all the same, such as a download or a refusal, is told by the answer (`desk`).
"""
