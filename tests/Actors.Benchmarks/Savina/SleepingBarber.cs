using Akka.Actor;

namespace Troupe.Actors.Benchmarks.Savina;

/// <summary>
/// A factory sends customers into a waiting room of 100 seats; who finds no seat goes back to the factory, which sends him again. One barber takes
/// them from the room, and sleeps when it is empty.
/// </summary>
internal sealed class SleepingBarber : SavinaBenchmark
{
    private const int Seats = 100;

    internal override string Name => "savina-sleeping-barber";

    internal override int Size => 10_000;

    internal override long Expected(int size) => size;

    protected override void OnTroupe(ActorContext<int> stage, int size, TaskCompletionSource<long> result)
    {
        var barber = new TroupeBarber();
        ActorRef<Event> room = stage.Spawn(new TroupeRoom(stage.Spawn(barber)));
        barber.Room = room;
        stage.Spawn(new TroupeFactory(room, size, result)).Tell(default);
    }

    protected override void OnAkka(IUntypedActorContext stage, int size, TaskCompletionSource<long> result)
    {
        IActorRef barber = stage.ActorOf(Props.Create(() => new AkkaBarber()));
        IActorRef room = stage.ActorOf(Props.Create(() => new AkkaRoom(barber)));
        stage.ActorOf(Props.Create(() => new AkkaFactory(room, size, result))).Tell(Produce.Instance, ActorRefs.NoSender);
    }

    /// <summary>A cut takes this much.</summary>
    private static bool Cut() => double.IsFinite(Math.Log(37.2) + Math.Sin(37.2));

    /// <summary>To the room: a customer, or nobody, which is the barber who wants the next.</summary>
    private readonly record struct Event(ActorRef<bool>? Customer);

    /// <summary>To the factory: produce, or a customer that is done or comes back.</summary>
    private readonly record struct Return(ActorRef<bool>? Customer, bool Done);

    private sealed class Produce
    {
        internal static readonly Produce Instance = new();
    }

    private sealed class Next
    {
        internal static readonly Next Instance = new();
    }

    private sealed class Full
    {
        internal static readonly Full Instance = new();
    }

    private sealed class Done
    {
        internal static readonly Done Instance = new();
    }

    private sealed class Returned
    {
        internal static readonly Returned Instance = new();
    }

    private sealed record Enter(IActorRef Customer);

    /// <summary>Customers wait for room in the factory's mailbox and the factory in the waiting room's, which waits for nobody.</summary>
    private sealed class TroupeFactory(ActorRef<Event> room, int customers, TaskCompletionSource<long> result) : Actor<Return>
    {
        private int _produced;
        private long _done;
        private bool _isProducing = true;

        protected override async ValueTask ReceiveAsync(Return message)
        {
            if (message.Done)
            {
                if (++_done == customers)
                    result.TrySetResult(_done);
            }
            else if (message.Customer is not null)
            {
                await room.TellAsync(new Event(message.Customer));
            }
            else
            {
                _isProducing = false;
                _produced++;
                await room.TellAsync(new Event(Context.Spawn(new TroupeCustomer(Context.Self))));
            }

            // It does not wait for room in its own mailbox, which only it can make: if that is full, there is a next message to try again after.
            if (!_isProducing && _produced < customers)
                _isProducing = Context.Self.TryTell(default);
        }
    }

    private sealed class TroupeCustomer(ActorRef<Return> factory) : Actor<bool>
    {
        protected override ValueTask ReceiveAsync(bool done)
        {
            if (done)
                Context.Stop();
            return factory.TellAsync(new Return(Context.Self, done));
        }
    }

    private sealed class TroupeRoom(ActorRef<ActorRef<bool>> barber) : Actor<Event>
    {
        private readonly Queue<ActorRef<bool>> _waiting = [];
        private bool _barberSleeps = true;

        protected override ValueTask ReceiveAsync(Event message)
        {
            if (message.Customer is { } customer)
            {
                if (_waiting.Count == Seats)
                {
                    customer.Tell(false);
                    return default;
                }

                _waiting.Enqueue(customer);
                if (!_barberSleeps)
                    return default;
            }

            _barberSleeps = !_waiting.TryDequeue(out ActorRef<bool>? next);
            if (next is not null)
                barber.Tell(next);
            return default;
        }
    }

    private sealed class TroupeBarber : Actor<ActorRef<bool>>
    {
        internal ActorRef<Event>? Room { get; set; }

        protected override ValueTask ReceiveAsync(ActorRef<bool> customer)
        {
            customer.Tell(Cut());
            return Room!.TellAsync(default);
        }
    }

    private sealed class AkkaFactory(IActorRef room, int customers, TaskCompletionSource<long> result) : UntypedActor
    {
        private readonly Props _customer = Props.Create(() => new AkkaCustomer());
        private int _produced;
        private long _done;

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case Done:
                    if (++_done == customers)
                        result.TrySetResult(_done);
                    break;
                case Returned:
                    room.Tell(new Enter(Sender), Self);
                    break;
                default:
                    room.Tell(new Enter(Context.ActorOf(_customer)), Self);
                    if (++_produced < customers)
                        Self.Tell(Produce.Instance, Self);
                    break;
            }
        }
    }

    private sealed class AkkaCustomer : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is Done)
            {
                Context.Parent.Tell(Done.Instance, Self);
                Context.Stop(Self);
            }
            else
            {
                Context.Parent.Tell(Returned.Instance, Self);
            }
        }
    }

    private sealed class AkkaRoom(IActorRef barber) : UntypedActor
    {
        private readonly Queue<Enter> _waiting = [];
        private bool _barberSleeps = true;

        protected override void OnReceive(object message)
        {
            if (message is Enter customer)
            {
                if (_waiting.Count == Seats)
                {
                    customer.Customer.Tell(Full.Instance, Self);
                    return;
                }

                _waiting.Enqueue(customer);
                if (!_barberSleeps)
                    return;
            }

            _barberSleeps = !_waiting.TryDequeue(out Enter? next);
            if (next is not null)
                barber.Tell(next, Self);
        }
    }

    private sealed class AkkaBarber : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (Cut())
                ((Enter)message).Customer.Tell(Done.Instance, Self);
            Sender.Tell(Next.Instance, Self);
        }
    }
}
