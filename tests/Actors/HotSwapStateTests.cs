namespace Troupe.Actors.Tests;

/// <summary>What a hot swap hands over, and swapping by name.</summary>
public sealed class HotSwapStateTests : SystemFixture
{
    [Fact]
    public async Task TheStateIsHandedOver()
    {
        ActorRef<Add> counter = System.Spawn(new Counter());
        await Sum(counter, 40);
        await counter.SwapAsync(() => new DoubleCounter()).WaitAsync(Patience);

        Assert.Equal(42, await Sum(counter, 1));
        Assert.Equal(typeof(DoubleCounter), counter.BehaviourType);
    }

    [Fact]
    public async Task ABehaviourImportsEveryVersionItUnderstands()
    {
        ActorRef<Add> counter = System.Spawn(new Counter());
        await Sum(counter, 40);
        await counter.SwapAsync(() => new AveragingCounter()).WaitAsync(Patience);
        await Sum(counter, 2);
        await counter.SwapAsync(() => new AveragingCounter()).WaitAsync(Patience);

        Assert.Equal(42, await Sum(counter, 0));
        Assert.Equal(new CounterStateV2(42, 2), Assert.IsType<AveragingCounter>(AveragingCounter.Last).Imported);
    }

    [Theory]
    [InlineData("export")]
    [InlineData("import")]
    [InlineData("factory")]
    public async Task WhenAStepThrowsTheOldBehaviourGoesOn(string step)
    {
        ActorRef<Add> counter = System.Spawn(new Counter(failsToExport: step == "export"));
        await Sum(counter, 40);
        Task<SwapResult> swap = counter.SwapAsync(
            () => step == "factory" ? throw new FormatException(step) : new DoubleCounter(failsToImport: step == "import"));
        HotSwapException failure = await Assert.ThrowsAsync<HotSwapException>(() => swap.WaitAsync(Patience));

        Assert.Equal(step, Assert.IsType<FormatException>(failure.InnerException).Message);
        Assert.Equal(41, await Sum(counter, 1));
        Assert.Empty(Failures);
        Assert.Empty(DeadLetters);
    }

    [Fact]
    public async Task StateThatTheNewBehaviourDoesNotImportIsNotThrownAway()
    {
        ActorRef<Add> counter = System.Spawn(new Counter());
        await Sum(counter, 40);
        HotSwapException failure = await Assert.ThrowsAsync<HotSwapException>(
            () => counter.SwapAsync(() => new Acting<Add>((_, _) => default)).WaitAsync(Patience));

        Assert.Contains("IImportsState<CounterState>", failure.Message, StringComparison.Ordinal);
        Assert.Equal(41, await Sum(counter, 1));
    }

    [Fact]
    public async Task ABehaviourIsSwappedByName()
    {
        System.Behaviours.Register<Add>("double", () => new DoubleCounter());
        ActorRef<Add> counter = System.Spawn(new Counter(), "counter");
        await Sum(counter, 40);
        await System.SwapAsync("/counter", "double").WaitAsync(Patience);

        Assert.Equal(42, await Sum(counter, 1));
    }

    [Fact]
    public async Task AWrongNameIsRefusedByWhatWouldBeRight()
    {
        System.Behaviours.Register<Add>("double", () => new DoubleCounter());
        System.Behaviours.Register<int>("log", () => new Acting<int>((_, _) => default));
        ActorRef<Add> counter = System.Spawn(new Counter(), "counter");

        Assert.Contains("double, log", (await Assert.ThrowsAsync<ArgumentException>(() => counter.SwapAsync("triple"))).Message, StringComparison.Ordinal);
        Assert.Contains("System.Int32", (await Assert.ThrowsAsync<ArgumentException>(() => counter.SwapAsync("log"))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => System.SwapAsync("/nobody", "double"));
        Assert.Throws<ArgumentException>(() => System.Behaviours.Register<int>("double", () => new Acting<int>((_, _) => default)));
        HotSwapException wrong = await Assert.ThrowsAsync<HotSwapException>(() => ((ActorRef)counter).SwapAsync(() => new object()));
        Assert.Contains("no Actor<Add>", wrong.Message, StringComparison.Ordinal);
    }

    private static Task<int> Sum(ActorRef<Add> counter, int amount) =>
        counter.AskAsync<int, int>(amount, static (amount, reply) => new Add(amount, reply), Patience).AsTask();

    private readonly record struct Add(int Amount, Reply<int> Reply);

    private sealed record CounterState(int Value);

    private sealed record CounterStateV2(int Value, int Messages);

    private sealed class Counter(bool failsToExport = false) : Actor<Add>, IExportsState<CounterState>
    {
        private int _value;

        public CounterState ExportState() => failsToExport ? throw new FormatException("export") : new CounterState(_value);

        protected override ValueTask ReceiveAsync(Add message)
        {
            message.Reply.Set(_value += message.Amount);
            return default;
        }
    }

    private sealed class DoubleCounter(bool failsToImport = false) : Actor<Add>, IStateful<CounterState>
    {
        private int _value;

        public CounterState ExportState() => new(_value);

        public void ImportState(CounterState state) => _value = failsToImport ? throw new FormatException("import") : state.Value;

        protected override ValueTask ReceiveAsync(Add message)
        {
            message.Reply.Set(_value += 2 * message.Amount);
            return default;
        }
    }

    private sealed class AveragingCounter : Actor<Add>, IStateful<CounterStateV2>, IImportsState<CounterState>
    {
        private int _value;
        private int _messages;

        internal static AveragingCounter? Last { get; private set; }

        internal CounterStateV2? Imported { get; private set; }

        public CounterStateV2 ExportState() => new(_value, _messages);

        public void ImportState(CounterStateV2 state)
        {
            Imported = state;
            Last = this;
            (_value, _messages) = state;
        }

        public void ImportState(CounterState state) => (_value, _messages) = (state.Value, 1);

        protected override ValueTask ReceiveAsync(Add message)
        {
            _messages++;
            message.Reply.Set(_value += message.Amount);
            return default;
        }
    }
}
