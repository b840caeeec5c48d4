using Akka.Actor;

namespace Troupe.Actors.Benchmarks.Savina;

/// <summary>20 workers, each with so many requests to one actor that keeps a sorted list: 10 % add, 1 % ask for the length, the others look for a value.</summary>
internal sealed class ConcurrentSortedLinkedList : SavinaBenchmark
{
    private const int Workers = 20;
    private const int Values = 128;

    internal override string Name => "savina-sorted-linked-list";

    internal override int Size => 8_000;

    /// <summary>Each answered request counts; the list says whether it is still in order.</summary>
    internal override long Expected(int size) => (long)Workers * size;

    protected override void OnTroupe(ActorContext<int> stage, int size, TaskCompletionSource<long> result)
    {
        var join = new Join(Workers, result);
        ActorRef<Request> list = stage.Spawn(new TroupeList());
        for (int worker = 0; worker < Workers; worker++)
            stage.Spawn(new TroupeWorker(worker, size, list, join));
    }

    protected override void OnAkka(IUntypedActorContext stage, int size, TaskCompletionSource<long> result)
    {
        var join = new Join(Workers, result);
        IActorRef list = stage.ActorOf(Props.Create(() => new AkkaList()));
        for (int index = 0; index < Workers; index++)
        {
            int worker = index;
            stage.ActorOf(Props.Create(() => new AkkaWorker(worker, size, list, join)));
        }
    }

    private enum Kind
    {
        Contains,
        Add,
        Count,
        Check,
    }

    /// <summary>A wrong answer is negative.</summary>
    private static int Answer(SortedLinkedList list, Kind kind, int value)
    {
        switch (kind)
        {
            case Kind.Add:
                list.Add(value);
                return list.Contains(value) ? 1 : -1;
            case Kind.Count:
                return list.Count is >= 0 and <= Values ? list.Count : -1;
            case Kind.Check:
                return list.IsSound() ? 0 : -1;
            default:
                return list.Contains(value) ? 1 : 0;
        }
    }

    private static Kind Choose(Random random) => random.Next(100) switch
    {
        < 10 => Kind.Add,
        < 11 => Kind.Count,
        _ => Kind.Contains,
    };

    private readonly record struct Request(ActorRef<int> Sender, Kind Kind, int Value);

    private sealed record AkkaRequest(Kind Kind, int Value);

    private sealed record AkkaAnswer(int Value);

    private sealed class TroupeList : Actor<Request>
    {
        private readonly SortedLinkedList _list = new();

        protected override ValueTask ReceiveAsync(Request request)
        {
            request.Sender.Tell(Answer(_list, request.Kind, request.Value));
            return default;
        }
    }

    private sealed class TroupeWorker(int number, int requests, ActorRef<Request> list, Join join) : Actor<int>
    {
        private readonly Random _random = new(number);
        private int _right;
        private int _sent;

        protected override void Started() => Send(Choose(_random));

        protected override ValueTask ReceiveAsync(int answer)
        {
            if (answer >= 0)
                _right++;
            if (_sent < requests)
                Send(_sent == requests - 1 ? Kind.Check : Choose(_random));
            else
                join.Arrive(_right);
            return default;
        }

        private void Send(Kind kind)
        {
            _sent++;
            list.Tell(new Request(Context.Self, kind, _random.Next(Values)));
        }
    }

    private sealed class AkkaList : UntypedActor
    {
        private readonly SortedLinkedList _list = new();

        protected override void OnReceive(object message)
        {
            var request = (AkkaRequest)message;
            Sender.Tell(new AkkaAnswer(Answer(_list, request.Kind, request.Value)), Self);
        }
    }

    private sealed class AkkaWorker(int number, int requests, IActorRef list, Join join) : UntypedActor
    {
        private readonly Random _random = new(number);
        private int _right;
        private int _sent;

        protected override void PreStart() => Send(Choose(_random));

        protected override void OnReceive(object message)
        {
            if (((AkkaAnswer)message).Value >= 0)
                _right++;
            if (_sent < requests)
                Send(_sent == requests - 1 ? Kind.Check : Choose(_random));
            else
                join.Arrive(_right);
        }

        private void Send(Kind kind)
        {
            _sent++;
            list.Tell(new AkkaRequest(kind, _random.Next(Values)), Self);
        }
    }
}
