using Akka.Actor;

namespace Troupe.Actors.Benchmarks.Savina;

/// <summary>
/// 1,000 accounts and so many transfers between two of them chosen at random. The account that pays asks the other to take the money, and keeps further
/// transfers until that is confirmed.
/// </summary>
internal sealed class BankTransaction : SavinaBenchmark
{
    private const int Accounts = 1_000;
    private const int InitialBalance = 1_000_000;

    internal override string Name => "savina-bank-transaction";

    internal override int Size => 50_000;

    /// <summary>No money comes or goes.</summary>
    internal override long Expected(int size) => (long)Accounts * InitialBalance;

    protected override void OnTroupe(ActorContext<int> stage, int size, TaskCompletionSource<long> result)
    {
        var join = new Join(Accounts, result);
        var accounts = new ActorRef<Order>[Accounts];
        ActorRef<bool> teller = stage.Spawn(new TroupeTeller(accounts, size));
        for (int account = 0; account < Accounts; account++)
            accounts[account] = stage.Spawn(new TroupeAccount(teller, join));
        stage.Spawn(new TroupeCustomers(accounts)).Tell(size);
    }

    protected override void OnAkka(IUntypedActorContext stage, int size, TaskCompletionSource<long> result)
    {
        var join = new Join(Accounts, result);
        var accounts = new IActorRef[Accounts];
        IActorRef teller = stage.ActorOf(Props.Create(() => new AkkaTeller(accounts, size)));
        for (int account = 0; account < Accounts; account++)
            accounts[account] = stage.ActorOf(Props.Create(() => new AkkaAccount(teller, join)));
        stage.ActorOf(Props.Create(() => new AkkaCustomers(accounts, size))).Tell(Done.Instance, ActorRefs.NoSender);
    }

    private static (int From, int To, int Amount) Choose(Random random)
    {
        int from = random.Next(Accounts);
        int to = random.Next(Accounts - 1);
        return (from, to < from ? to : to + 1, random.Next(1000));
    }

    private enum Kind
    {
        Pay,
        Take,
        Taken,
        Close,
    }

    /// <summary>Pay to that account; take from it; it has taken; say what you have.</summary>
    private readonly record struct Order(Kind Kind, int Amount, ActorRef<Order>? Other);

    private sealed record Pay(int Amount, IActorRef To);

    private sealed record Take(int Amount);

    private sealed class Taken
    {
        internal static readonly Taken Instance = new();
    }

    private sealed class Done
    {
        internal static readonly Done Instance = new();
    }

    private sealed class Close
    {
        internal static readonly Close Instance = new();
    }

    private sealed class TroupeCustomers(ActorRef<Order>[] accounts) : Actor<int>
    {
        protected override async ValueTask ReceiveAsync(int transfers)
        {
            var random = new Random(1);
            for (int transfer = 0; transfer < transfers; transfer++)
            {
                (int from, int to, int amount) = Choose(random);
                await accounts[from].TellAsync(new Order(Kind.Pay, amount, accounts[to]));
            }
        }
    }

    private sealed class TroupeTeller(ActorRef<Order>[] accounts, int transfers) : Actor<bool>
    {
        private int _left = transfers;

        protected override async ValueTask ReceiveAsync(bool done)
        {
            if (--_left > 0)
                return;
            foreach (ActorRef<Order> account in accounts)
                await account.TellAsync(new Order(Kind.Close, 0, null));
        }
    }

    /// <summary>An account holds some 50 transfers and as many confirmations at most, far from its mailbox's capacity: so accounts never wait for each other.</summary>
    private sealed class TroupeAccount(ActorRef<bool> teller, Join join) : Actor<Order>
    {
        private readonly Queue<Order> _kept = [];
        private long _balance = InitialBalance;
        private int _paying;
        private bool _waits;

        protected override ValueTask ReceiveAsync(Order order)
        {
            switch (order.Kind)
            {
                case Kind.Pay when _waits:
                    _kept.Enqueue(order);
                    break;
                case Kind.Pay:
                    Begin(order);
                    break;
                case Kind.Take:
                    _balance += order.Amount;
                    order.Other!.Tell(new Order(Kind.Taken, 0, null));
                    break;
                case Kind.Taken:
                    _balance -= _paying;
                    _waits = false;
                    if (_kept.TryDequeue(out Order next))
                        Begin(next);
                    return teller.TellAsync(true);
                default:
                    join.Arrive(_balance);
                    break;
            }

            return default;
        }

        private void Begin(Order order)
        {
            _waits = true;
            _paying = order.Amount;
            order.Other!.Tell(new Order(Kind.Take, order.Amount, Context.Self));
        }
    }

    private sealed class AkkaCustomers(IActorRef[] accounts, int transfers) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            var random = new Random(1);
            for (int transfer = 0; transfer < transfers; transfer++)
            {
                (int from, int to, int amount) = Choose(random);
                accounts[from].Tell(new Pay(amount, accounts[to]), Self);
            }
        }
    }

    private sealed class AkkaTeller(IActorRef[] accounts, int transfers) : UntypedActor
    {
        private int _left = transfers;

        protected override void OnReceive(object message)
        {
            if (--_left > 0)
                return;
            foreach (IActorRef account in accounts)
                account.Tell(Close.Instance, Self);
        }
    }

    private sealed class AkkaAccount(IActorRef teller, Join join) : UntypedActor
    {
        private readonly Queue<Pay> _kept = [];
        private long _balance = InitialBalance;
        private int _paying;
        private bool _waits;

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case Pay pay when _waits:
                    _kept.Enqueue(pay);
                    break;
                case Pay pay:
                    Begin(pay);
                    break;
                case Take take:
                    _balance += take.Amount;
                    Sender.Tell(Taken.Instance, Self);
                    break;
                case Taken:
                    _balance -= _paying;
                    _waits = false;
                    if (_kept.TryDequeue(out Pay? next))
                        Begin(next);
                    teller.Tell(Done.Instance, Self);
                    break;
                default:
                    join.Arrive(_balance);
                    break;
            }
        }

        private void Begin(Pay pay)
        {
            _waits = true;
            _paying = pay.Amount;
            pay.To.Tell(new Take(pay.Amount), Self);
        }
    }
}
