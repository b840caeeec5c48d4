using Troupe.Actors;
using Xunit.Abstractions;

namespace Troupe.Verification.Coyote;

/// <summary>
/// The monitor of contracts under Coyote (these tests are debug builds, so it is there): conversations do not disturb each other though they share one machine, and
/// a party that breaks the contract in some interleavings only is found out.
/// </summary>
public sealed class ContractTests(ITestOutputHelper output)
{
    private enum OrderState
    {
        Empty,
        Open,
        Paid,
    }

    private enum OrderStep
    {
        Add,
        Pay,
        Ship,
    }

    [Fact]
    public void Conversations_that_are_observed_at_the_same_time_do_not_disturb_each_other() => Interleavings.Hold(output, () =>
    {
        Contract<OrderState, OrderStep> contract = CreateContract();
        void Order()
        {
            var conversation = new object();
            contract.Observe(conversation, OrderStep.Add);
            contract.Observe(conversation, OrderStep.Add);
            contract.Observe(conversation, OrderStep.Pay);
            contract.Observe(conversation, OrderStep.Ship);
            contract.Observe(conversation, OrderStep.Add);
        }

        CoyoteWorld.Run(Order, Order);
    });

    [Fact]
    public void A_shop_that_waits_for_the_money_keeps_the_contract() => Interleavings.Hold(output, Ordering(isPatient: true));

    [Fact]
    public void A_shop_that_ships_on_the_warehouses_word_is_found_out() => Interleavings.Find(output, Ordering(isPatient: false), "shop sent Ship in state Open");

    /// <summary>A customer adds and pays while a warehouse says that the thing is there: which comes first is not said.</summary>
    private static Action Ordering(bool isPatient) => CoyoteActorHost.Run(system =>
    {
        ActorRef<Word> shop = system.Spawn(new Shop(CreateContract(), isPatient), "shop");
        system.Spawn(new Teller(shop, [Word.Add, Word.Pay]), "customer").Tell(0);
        system.Spawn(new Teller(shop, [Word.InStock]), "warehouse").Tell(0);
        return static () => { };
    });

    private static Contract<OrderState, OrderStep> CreateContract() =>
        new Contract<OrderState, OrderStep>("order", OrderState.Empty)
            .Party("customer", OrderStep.Add, OrderStep.Pay)
            .Party("shop", OrderStep.Ship)
            .Permit(OrderState.Empty, OrderStep.Add, OrderState.Open)
            .Allow(OrderState.Open, OrderStep.Add)
            .Permit(OrderState.Open, OrderStep.Pay, OrderState.Paid)
            .Permit(OrderState.Paid, OrderStep.Ship, OrderState.Empty);

    private enum Word
    {
        Add,
        Pay,
        InStock,
    }

    private sealed class Teller(ActorRef<Word> shop, Word[] words) : Actor<int>
    {
        protected override async ValueTask ReceiveAsync(int message)
        {
            foreach (Word word in words) await shop.TellAsync(word);
        }
    }

    private sealed class Shop(Contract<OrderState, OrderStep> contract, bool isPatient) : Actor<Word>
    {
        private readonly object _order = new();
        private bool _isOrdered;
        private bool _isPaid;
        private bool _isInStock;

        protected override ValueTask ReceiveAsync(Word message)
        {
            if (message == Word.Add) contract.Observe(_order, OrderStep.Add);
            if (message == Word.Pay) contract.Observe(_order, OrderStep.Pay);
            _isOrdered |= message == Word.Add;
            _isPaid |= message == Word.Pay;
            _isInStock |= message == Word.InStock;
            if (isPatient ? _isInStock && _isPaid : message == Word.InStock && _isOrdered) contract.Observe(_order, OrderStep.Ship);
            return default;
        }
    }
}
