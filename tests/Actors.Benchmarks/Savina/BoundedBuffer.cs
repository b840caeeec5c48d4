using Akka.Actor;

namespace Troupe.Actors.Benchmarks.Savina;

/// <summary>40 producers and 40 consumers around an actor that keeps a buffer of 50 items: who finds it full or empty waits for its turn.</summary>
internal sealed class BoundedBuffer : SavinaBenchmark
{
    private const int Parties = 40;
    private const int Capacity = 50;
    private const int Cost = 25;

    internal override string Name => "savina-bounded-buffer";

    internal override int Size => 2_000;

    /// <summary>All items arrive, each once: each producer makes 1, 2, 3, ...</summary>
    internal override long Expected(int size) => (long)Parties * size * (size + 1) / 2;

    protected override void OnTroupe(ActorContext<int> stage, int size, TaskCompletionSource<long> result)
    {
        ActorRef<Message> manager = stage.Spawn(new TroupeManager(size * Parties, result));
        for (int party = 0; party < Parties; party++)
        {
            stage.Spawn(new TroupeProducer(manager, size));
            stage.Spawn(new TroupeConsumer(manager));
        }
    }

    protected override void OnAkka(IUntypedActorContext stage, int size, TaskCompletionSource<long> result)
    {
        IActorRef manager = stage.ActorOf(Props.Create(() => new AkkaManager(size * Parties, result)));
        for (int party = 0; party < Parties; party++)
        {
            stage.ActorOf(Props.Create(() => new AkkaProducer(manager, size)));
            stage.ActorOf(Props.Create(() => new AkkaConsumer(manager)));
        }
    }

    /// <summary>What making or using an item costs. Never zero.</summary>
    private static int Work(int item)
    {
        double value = item;
        for (int step = 0; step < Cost; step++)
            value += Math.Log(Math.Abs(value) + 1.5);
        return double.IsFinite(value) ? item : 0;
    }

    /// <summary>From a producer an item; from a consumer the one it has used, or zero at first.</summary>
    private readonly record struct Message(ActorRef<int> Sender, int Item, bool Produced);

    private sealed record Produced(int Item);

    private sealed record Consumed(int Item);

    private sealed class More
    {
        internal static readonly More Instance = new();
    }

    private sealed class TroupeManager(int items, TaskCompletionSource<long> result) : Actor<Message>
    {
        private readonly Queue<int> _buffer = [];
        private readonly Queue<Message> _producers = [];
        private readonly Queue<ActorRef<int>> _consumers = [];
        private int _left = items;
        private long _sum;

        protected override ValueTask ReceiveAsync(Message message)
        {
            if (message.Produced)
            {
                if (_consumers.TryDequeue(out ActorRef<int>? consumer))
                    consumer.Tell(message.Item);
                else if (_buffer.Count < Capacity)
                    _buffer.Enqueue(message.Item);
                else
                {
                    _producers.Enqueue(message);
                    return default;
                }

                message.Sender.Tell(0);
                return default;
            }

            if (message.Item != 0)
            {
                _sum += message.Item;
                if (--_left == 0)
                    result.TrySetResult(_sum);
            }

            if (_buffer.TryDequeue(out int item))
            {
                message.Sender.Tell(item);
                if (_producers.TryDequeue(out Message waiting))
                {
                    _buffer.Enqueue(waiting.Item);
                    waiting.Sender.Tell(0);
                }
            }
            else
            {
                _consumers.Enqueue(message.Sender);
            }

            return default;
        }
    }

    private sealed class TroupeProducer(ActorRef<Message> manager, int items) : Actor<int>
    {
        private int _made;

        protected override void Started() => Make();

        protected override ValueTask ReceiveAsync(int message)
        {
            if (_made < items)
                Make();
            return default;
        }

        private void Make() => manager.Tell(new Message(Context.Self, Work(++_made), true));
    }

    private sealed class TroupeConsumer(ActorRef<Message> manager) : Actor<int>
    {
        protected override void Started() => manager.Tell(new Message(Context.Self, 0, false));

        protected override ValueTask ReceiveAsync(int item)
        {
            manager.Tell(new Message(Context.Self, Work(item), false));
            return default;
        }
    }

    private sealed class AkkaManager(int items, TaskCompletionSource<long> result) : UntypedActor
    {
        private readonly Queue<Produced> _buffer = [];
        private readonly Queue<(IActorRef Sender, Produced Item)> _producers = [];
        private readonly Queue<IActorRef> _consumers = [];
        private int _left = items;
        private long _sum;

        protected override void OnReceive(object message)
        {
            if (message is Produced produced)
                OnProduced(produced);
            else
                OnConsumed((Consumed)message);
        }

        private void OnProduced(Produced item)
        {
            if (_consumers.TryDequeue(out IActorRef? consumer))
                consumer.Tell(item, Self);
            else if (_buffer.Count < Capacity)
                _buffer.Enqueue(item);
            else
            {
                _producers.Enqueue((Sender, item));
                return;
            }

            Sender.Tell(More.Instance, Self);
        }

        private void OnConsumed(Consumed consumed)
        {
            if (consumed.Item != 0)
            {
                _sum += consumed.Item;
                if (--_left == 0)
                    result.TrySetResult(_sum);
            }

            if (_buffer.TryDequeue(out Produced? item))
            {
                Sender.Tell(item, Self);
                if (_producers.TryDequeue(out (IActorRef Sender, Produced Item) waiting))
                {
                    _buffer.Enqueue(waiting.Item);
                    waiting.Sender.Tell(More.Instance, Self);
                }
            }
            else
            {
                _consumers.Enqueue(Sender);
            }
        }
    }

    private sealed class AkkaProducer(IActorRef manager, int items) : UntypedActor
    {
        private int _made;

        protected override void PreStart() => Make();

        protected override void OnReceive(object message)
        {
            if (_made < items)
                Make();
        }

        private void Make() => manager.Tell(new Produced(Work(++_made)), Self);
    }

    private sealed class AkkaConsumer(IActorRef manager) : UntypedActor
    {
        protected override void PreStart() => manager.Tell(new Consumed(0), Self);

        protected override void OnReceive(object message) => manager.Tell(new Consumed(Work(((Produced)message).Item)), Self);
    }
}
