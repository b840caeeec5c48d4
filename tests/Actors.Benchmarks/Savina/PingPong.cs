using Akka.Actor;

namespace Troupe.Actors.Benchmarks.Savina;

/// <summary>Two actors; one sends a ping, the other answers it, so many times.</summary>
internal sealed class PingPong : SavinaBenchmark
{
    internal override string Name => "savina-ping-pong";

    internal override int Size => 200_000;

    internal override long Expected(int size) => size;

    protected override void OnTroupe(ActorContext<int> stage, int size, TaskCompletionSource<long> result)
    {
        ActorRef<Ball> pong = stage.Spawn(new TroupePong());
        stage.Spawn(new TroupePing(pong, size, result)).Tell(default);
    }

    protected override void OnAkka(IUntypedActorContext stage, int size, TaskCompletionSource<long> result)
    {
        IActorRef pong = stage.ActorOf(Props.Create(() => new AkkaPong()));
        stage.ActorOf(Props.Create(() => new AkkaPing(pong, size, result))).Tell(Signal.Instance, ActorRefs.NoSender);
    }

    private readonly record struct Ball(ActorRef<Ball>? Sender);

    private sealed class Signal
    {
        internal static readonly Signal Instance = new();
    }

    private sealed class TroupePing(ActorRef<Ball> pong, int pings, TaskCompletionSource<long> result) : Actor<Ball>
    {
        private int _sent;

        protected override ValueTask ReceiveAsync(Ball message)
        {
            if (_sent < pings)
            {
                _sent++;
                pong.Tell(new Ball(Context.Self));
            }
            else
            {
                result.TrySetResult(_sent);
            }

            return default;
        }
    }

    private sealed class TroupePong : Actor<Ball>
    {
        protected override ValueTask ReceiveAsync(Ball message)
        {
            message.Sender!.Tell(default);
            return default;
        }
    }

    private sealed class AkkaPing(IActorRef pong, int pings, TaskCompletionSource<long> result) : UntypedActor
    {
        private int _sent;

        protected override void OnReceive(object message)
        {
            if (_sent < pings)
            {
                _sent++;
                pong.Tell(Signal.Instance, Self);
            }
            else
            {
                result.TrySetResult(_sent);
            }
        }
    }

    private sealed class AkkaPong : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(Signal.Instance, Self);
    }
}
