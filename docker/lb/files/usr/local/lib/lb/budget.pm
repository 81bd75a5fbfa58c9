package budget;

# The budget of further tries: a tenth of the requests. Otherwise an outage of what all app
# servers share would double the load on each of them. Every request pays in a tenth of a
# try, every further try takes a whole one. What was begun while there was budget is carried
# out, so the balance may fall below zero; then it is paid back before there are further
# tries again. Each worker has a budget of its own, and so a tenth of its own requests.
use strict;
use warnings;

my $share   = 0.1;
my $reserve = 20;    # from the start, and the most that is saved up
my $balance = $reserve;
my $total   = 0;

# left: 1 while a request may be tried again, else 0.
sub left { return $balance >= 1 ? 1 : 0; }

# pay: books a request that is over; for the phase in which Nginx writes its log. The answer
# is 0: nothing is to be written.
sub pay {
	my $request = shift;
	my $servers = $request->variable("upstream_addr") // "";
	my $further = () = $servers =~ /, /g;
	$total   += $further;
	$balance += $share - $further;
	$balance = $reserve if $balance > $reserve;
	return 0;
}

# total: further tries since this worker began.
sub total { return $total; }

1;
