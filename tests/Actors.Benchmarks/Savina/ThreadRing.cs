using Akka.Actor;

namespace Troupe.Actors.Benchmarks.Savina;

/// <summary>A ring of 100 actors passes a token on, so many times.</summary>
internal sealed class ThreadRing : SavinaBenchmark
{
    private const int Nodes = 100;

    internal override string Name => "savina-thread-ring";

    internal override int Size => 400_000;

    /// <summary>The node where the token ends says which it is.</summary>
    internal override long Expected(int size) => size % Nodes;

    protected override void OnTroupe(ActorContext<int> stage, int size, TaskCompletionSource<long> result)
    {
        var nodes = new TroupeNode[Nodes];
        var references = new ActorRef<int>[Nodes];
        for (int node = 0; node < Nodes; node++)
            references[node] = stage.Spawn(nodes[node] = new TroupeNode(node, result));
        for (int node = 0; node < Nodes; node++)
            nodes[node].Next = references[(node + 1) % Nodes];
        references[0].Tell(size);
    }

    protected override void OnAkka(IUntypedActorContext stage, int size, TaskCompletionSource<long> result)
    {
        var references = new IActorRef[Nodes];
        for (int index = 0; index < Nodes; index++)
        {
            int node = index;
            references[node] = stage.ActorOf(Props.Create(() => new AkkaNode(node, result)));
        }

        for (int node = 0; node < Nodes; node++)
            references[node].Tell(references[(node + 1) % Nodes], ActorRefs.NoSender);
        references[0].Tell(new Token(size), ActorRefs.NoSender);
    }

    private sealed record Token(int Left);

    private sealed class TroupeNode(int number, TaskCompletionSource<long> result) : Actor<int>
    {
        internal ActorRef<int>? Next { get; set; }

        protected override ValueTask ReceiveAsync(int left)
        {
            if (left > 0)
                Next!.Tell(left - 1);
            else
                result.TrySetResult(number);
            return default;
        }
    }

    private sealed class AkkaNode(int number, TaskCompletionSource<long> result) : UntypedActor
    {
        private IActorRef? _next;

        protected override void OnReceive(object message)
        {
            if (message is IActorRef next)
                _next = next;
            else if (((Token)message).Left is > 0 and int left)
                _next!.Tell(new Token(left - 1), Self);
            else
                result.TrySetResult(number);
        }
    }
}
