using Akka.Actor;

namespace Troupe.Actors.Benchmarks.Savina;

/// <summary>120 actors; each sends a ping to another one chosen at random, waits for the pong, and goes on, so many times.</summary>
internal sealed class Big : SavinaBenchmark
{
    private const int Parties = 120;

    internal override string Name => "savina-big";

    internal override int Size => 2_000;

    internal override long Expected(int size) => (long)Parties * size;

    protected override void OnTroupe(ActorContext<int> stage, int size, TaskCompletionSource<long> result)
    {
        var join = new Join(Parties, result);
        var all = new ActorRef<Message>[Parties];
        for (int party = 0; party < Parties; party++)
            all[party] = stage.Spawn(new TroupeParty(party, size, all, join));
        foreach (ActorRef<Message> party in all)
            party.Tell(new Message(null));
    }

    protected override void OnAkka(IUntypedActorContext stage, int size, TaskCompletionSource<long> result)
    {
        var join = new Join(Parties, result);
        var all = new IActorRef[Parties];
        for (int index = 0; index < Parties; index++)
        {
            int party = index;
            all[party] = stage.ActorOf(Props.Create(() => new AkkaParty(party, size, all, join)));
        }

        foreach (IActorRef party in all)
            party.Tell(Pong.Instance, ActorRefs.NoSender);
    }

    /// <summary>A ping says who sent it; a pong does not.</summary>
    private readonly record struct Message(ActorRef<Message>? Sender);

    private sealed class Ping
    {
        internal static readonly Ping Instance = new();
    }

    private sealed class Pong
    {
        internal static readonly Pong Instance = new();
    }

    private sealed class TroupeParty(int number, int pings, ActorRef<Message>[] all, Join join) : Actor<Message>
    {
        private readonly Random _random = new(number);
        private int _sent;

        protected override ValueTask ReceiveAsync(Message message)
        {
            if (message.Sender is { } sender)
            {
                sender.Tell(default);
            }
            else if (_sent < pings)
            {
                _sent++;
                all[_random.Next(Parties)].Tell(new Message(Context.Self));
            }
            else
            {
                join.Arrive(_sent);
            }

            return default;
        }
    }

    private sealed class AkkaParty(int number, int pings, IActorRef[] all, Join join) : UntypedActor
    {
        private readonly Random _random = new(number);
        private int _sent;

        protected override void OnReceive(object message)
        {
            if (message is Ping)
            {
                Sender.Tell(Pong.Instance, Self);
            }
            else if (_sent < pings)
            {
                _sent++;
                all[_random.Next(Parties)].Tell(Ping.Instance, Self);
            }
            else
            {
                join.Arrive(_sent);
            }
        }
    }
}
