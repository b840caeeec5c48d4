using Akka.Actor;

namespace Troupe.Actors.Benchmarks.Savina;

/// <summary>
/// 10 series, each an actor that asks a second one for its next term, and keeps what it is asked for meanwhile; a third asks each for so many terms.
/// </summary>
internal sealed class LogisticMap : SavinaBenchmark
{
    private const int Series = 10;
    private const double Scale = 1e12;

    internal override string Name => "savina-logistic-map";

    internal override int Size => 20_000;

    /// <summary>The sum of the last terms, in units that add up alike in any order.</summary>
    internal override long Expected(int size)
    {
        long sum = 0;
        for (int series = 0; series < Series; series++)
        {
            double term = First(series);
            for (int step = 0; step < size; step++)
                term = Following(Rate(series), term);
            sum += (long)(term * Scale);
        }

        return sum;
    }

    protected override void OnTroupe(ActorContext<int> stage, int size, TaskCompletionSource<long> result)
    {
        var join = new Join(Series, result);
        var workers = new ActorRef<Message>[Series];
        for (int series = 0; series < Series; series++)
            workers[series] = stage.Spawn(new TroupeSeries(series, size, stage.Spawn(new TroupeComputer(Rate(series))), join));
        stage.Spawn(new TroupeMaster(workers)).Tell(size);
    }

    protected override void OnAkka(IUntypedActorContext stage, int size, TaskCompletionSource<long> result)
    {
        var join = new Join(Series, result);
        var workers = new IActorRef[Series];
        for (int index = 0; index < Series; index++)
        {
            int series = index;
            IActorRef computer = stage.ActorOf(Props.Create(() => new AkkaComputer(Rate(series))));
            workers[series] = stage.ActorOf(Props.Create(() => new AkkaSeries(series, size, computer, join)));
        }

        stage.ActorOf(Props.Create(() => new AkkaMaster(workers, size))).Tell(Advance.Instance, ActorRefs.NoSender);
    }

    private static double Rate(int series) => 3.46 + series * 0.0025;

    private static double First(int series) => (series + 1) * 0.0025;

    private static double Following(double rate, double term) => rate * term * (1 - term);

    /// <summary>The term asked for; or, without one, that the series is to advance.</summary>
    private readonly record struct Message(double? Term);

    private readonly record struct Question(double Term, ActorRef<Message> Sender);

    private sealed record AkkaTerm(double Term);

    private sealed class Advance
    {
        internal static readonly Advance Instance = new();
    }

    private sealed class TroupeMaster(ActorRef<Message>[] workers) : Actor<int>
    {
        protected override async ValueTask ReceiveAsync(int terms)
        {
            for (int term = 0; term < terms; term++)
            {
                foreach (ActorRef<Message> worker in workers)
                    await worker.TellAsync(default);
            }
        }
    }

    private sealed class TroupeSeries(int number, int terms, ActorRef<Question> computer, Join join) : Actor<Message>
    {
        private double _term = First(number);
        private int _done;
        private int _kept;
        private bool _waits;

        protected override ValueTask ReceiveAsync(Message message)
        {
            if (message.Term is { } term)
            {
                _term = term;
                _waits = false;
                if (++_done == terms)
                    join.Arrive((long)(_term * Scale));
            }
            else
            {
                _kept++;
            }

            if (!_waits && _kept > 0)
            {
                _kept--;
                _waits = true;
                computer.Tell(new Question(_term, Context.Self));
            }

            return default;
        }
    }

    /// <summary>The answer waits for room beside what the master sends: the series waits for nothing else, so there is no circle.</summary>
    private sealed class TroupeComputer(double rate) : Actor<Question>
    {
        protected override ValueTask ReceiveAsync(Question question) => question.Sender.TellAsync(new Message(Following(rate, question.Term)));
    }

    private sealed class AkkaMaster(IActorRef[] workers, int terms) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            for (int term = 0; term < terms; term++)
            {
                foreach (IActorRef worker in workers)
                    worker.Tell(Advance.Instance, Self);
            }
        }
    }

    private sealed class AkkaSeries(int number, int terms, IActorRef computer, Join join) : UntypedActor
    {
        private double _term = First(number);
        private int _done;
        private int _kept;
        private bool _waits;

        protected override void OnReceive(object message)
        {
            if (message is AkkaTerm term)
            {
                _term = term.Term;
                _waits = false;
                if (++_done == terms)
                    join.Arrive((long)(_term * Scale));
            }
            else
            {
                _kept++;
            }

            if (!_waits && _kept > 0)
            {
                _kept--;
                _waits = true;
                computer.Tell(new AkkaTerm(_term), Self);
            }
        }
    }

    private sealed class AkkaComputer(double rate) : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(new AkkaTerm(Following(rate, ((AkkaTerm)message).Term)), Self);
    }
}
