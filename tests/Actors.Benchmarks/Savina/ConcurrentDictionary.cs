using Akka.Actor;

namespace Troupe.Actors.Benchmarks.Savina;

/// <summary>20 workers, each with so many requests to one actor that keeps a dictionary; one in ten writes. The next request waits for the answer.</summary>
internal sealed class ConcurrentDictionary : SavinaBenchmark
{
    private const int Workers = 20;
    private const int Keys = 1 << 10;

    internal override string Name => "savina-concurrent-dictionary";

    internal override int Size => 10_000;

    /// <summary>Each answer that is right counts: a read of a key returns the value last written there, which is the key.</summary>
    internal override long Expected(int size) => (long)Workers * size;

    private static bool Writes(Random random) => random.Next(100) < 10;

    protected override void OnTroupe(ActorContext<int> stage, int size, TaskCompletionSource<long> result)
    {
        var join = new Join(Workers, result);
        ActorRef<Request> dictionary = stage.Spawn(new TroupeDictionary());
        for (int worker = 0; worker < Workers; worker++)
            stage.Spawn(new TroupeWorker(worker, size, dictionary, join));
    }

    protected override void OnAkka(IUntypedActorContext stage, int size, TaskCompletionSource<long> result)
    {
        var join = new Join(Workers, result);
        IActorRef dictionary = stage.ActorOf(Props.Create(() => new AkkaDictionary()));
        for (int index = 0; index < Workers; index++)
        {
            int worker = index;
            stage.ActorOf(Props.Create(() => new AkkaWorker(worker, size, dictionary, join)));
        }
    }

    private readonly record struct Request(ActorRef<Answer> Sender, int Key, bool Writes);

    private readonly record struct Answer(int Key, int Value);

    private sealed record AkkaRequest(int Key, bool Writes);

    private sealed record AkkaAnswer(int Key, int Value);

    private sealed class TroupeDictionary : Actor<Request>
    {
        private readonly Dictionary<int, int> _values = [];

        protected override ValueTask ReceiveAsync(Request request)
        {
            if (request.Writes)
                _values[request.Key] = request.Key;
            request.Sender.Tell(new Answer(request.Key, _values.TryGetValue(request.Key, out int value) ? value : -1));
            return default;
        }
    }

    private sealed class TroupeWorker(int number, int requests, ActorRef<Request> dictionary, Join join) : Actor<Answer>
    {
        private readonly Random _random = new(number);
        private int _right;
        private int _sent;

        protected override void Started() => Send();

        protected override ValueTask ReceiveAsync(Answer answer)
        {
            if (answer.Value == answer.Key || answer.Value == -1)
                _right++;
            if (_sent < requests)
                Send();
            else
                join.Arrive(_right);
            return default;
        }

        private void Send()
        {
            _sent++;
            dictionary.Tell(new Request(Context.Self, _random.Next(Keys), Writes(_random)));
        }
    }

    private sealed class AkkaDictionary : UntypedActor
    {
        private readonly Dictionary<int, int> _values = [];

        protected override void OnReceive(object message)
        {
            var request = (AkkaRequest)message;
            if (request.Writes)
                _values[request.Key] = request.Key;
            Sender.Tell(new AkkaAnswer(request.Key, _values.TryGetValue(request.Key, out int value) ? value : -1), Self);
        }
    }

    private sealed class AkkaWorker(int number, int requests, IActorRef dictionary, Join join) : UntypedActor
    {
        private readonly Random _random = new(number);
        private int _right;
        private int _sent;

        protected override void PreStart() => Send();

        protected override void OnReceive(object message)
        {
            var answer = (AkkaAnswer)message;
            if (answer.Value == answer.Key || answer.Value == -1)
                _right++;
            if (_sent < requests)
                Send();
            else
                join.Arrive(_right);
        }

        private void Send()
        {
            _sent++;
            dictionary.Tell(new AkkaRequest(_random.Next(Keys), Writes(_random)), Self);
        }
    }
}
