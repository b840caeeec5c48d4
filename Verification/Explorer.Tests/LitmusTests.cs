using static Troupe.Verification.Explorer.Tests.LitmusProgram;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>
/// The litmus tests by which memory models are told apart (names as in Alglave et al., "Herding cats", and in
/// Intel SDM vol. 3, 9.2.3): the explorer must show what a model allows and never what it forbids.
/// </summary>
public sealed class LitmusTests
{
    private const int X = 0, Y = 1;

    private static readonly LitmusProgram StoreBuffering = new(2, [W(X, 1), R(Y)], [W(Y, 1), R(X)]);
    private static readonly LitmusProgram StoreBufferingFenced = new(2, [W(X, 1), F(), R(Y)], [W(Y, 1), F(), R(X)]);
    private static readonly LitmusProgram StoreBufferingOneFence = new(2, [W(X, 1), F(), R(Y)], [W(Y, 1), R(X)]);
    private static readonly LitmusProgram StoreBufferingExchange = new(2, [X(X, 1), R(Y)], [X(Y, 1), R(X)]);
    private static readonly LitmusProgram MessagePassing = new(2, [W(X, 1), W(Y, 1)], [R(Y), R(X)]);
    private static readonly LitmusProgram LoadBuffering = new(2, [R(X), W(Y, 1)], [R(Y), W(X, 1)]);
    private static readonly LitmusProgram IndependentReads = new(2, [W(X, 1)], [W(Y, 1)], [R(X), R(Y)], [R(Y), R(X)]);
    private static readonly LitmusProgram TwoPlusTwoWrites = new(2, [W(X, 1), W(Y, 2)], [W(Y, 1), W(X, 2)]);
    private static readonly LitmusProgram WriteToReadCausality = new(2, [W(X, 1)], [R(X), W(Y, 1)], [R(Y), R(X)]);
    private static readonly LitmusProgram ReadOwnWriteEarly = new(2, [W(X, 1), R(X), R(Y)], [W(Y, 1), R(Y), R(X)]);
    private static readonly LitmusProgram ReadOwnWriteN6 = new(2, [W(X, 1), R(X), R(Y)], [W(Y, 2), W(X, 2)]);
    private static readonly LitmusProgram CoherentReads = new(1, [W(X, 1)], [R(X), R(X)]);

    public static TheoryData<string, string, bool, bool> Expectations => new()
    {
        // program, outcome (registers by thread | final memory), allowed under TSO, allowed under SC
        { nameof(StoreBuffering), "0 | 0 | 1 1", true, false },
        { nameof(StoreBufferingFenced), "0 | 0 | 1 1", false, false },
        { nameof(StoreBufferingOneFence), "0 | 0 | 1 1", true, false },
        { nameof(StoreBufferingExchange), "0 0 | 0 0 | 1 1", false, false },
        { nameof(MessagePassing), " | 1 0 | 1 1", false, false },
        { nameof(MessagePassing), " | 0 1 | 1 1", true, true },
        { nameof(LoadBuffering), "1 | 1 | 1 1", false, false },
        { nameof(IndependentReads), " |  | 1 0 | 1 0 | 1 1", false, false },
        { nameof(IndependentReads), " |  | 0 0 | 0 1 | 1 1", true, true },
        { nameof(TwoPlusTwoWrites), " |  | 1 1", false, false },
        { nameof(WriteToReadCausality), " | 1 | 1 0 | 1 1", false, false },
        { nameof(ReadOwnWriteEarly), "1 0 | 1 0 | 1 1", true, false },
        { nameof(ReadOwnWriteN6), "1 0 |  | 1 2", true, false },
        { nameof(CoherentReads), " | 1 0 | 1", false, false },
    };

    private static readonly LitmusProgram MessagePassingPlainWrites = new(2, [PlainW(X, 1), PlainW(Y, 1)], [R(Y), R(X)]);
    private static readonly LitmusProgram MessagePassingPlainReads = new(2, [W(X, 1), W(Y, 1)], [PlainR(Y), PlainR(X)]);
    private static readonly LitmusProgram MessagePassingFenced = new(2, [PlainW(X, 1), F(), PlainW(Y, 1)], [PlainR(Y), F(), PlainR(X)]);
    private static readonly LitmusProgram MessagePassingFencedWrites = new(2, [PlainW(X, 1), F(), PlainW(Y, 1)], [R(Y), R(X)]);
    private static readonly LitmusProgram MessagePassingFencedReads = new(2, [W(X, 1), W(Y, 1)], [PlainR(Y), F(), PlainR(X)]);
    private static readonly LitmusProgram MessagePassingByExchange = new(2, [PlainW(X, 1), X(Y, 1)], [R(Y), R(X)]);
    private static readonly LitmusProgram IndependentReadsFenced = new(2, [W(X, 1)], [W(Y, 1)], [R(X), F(), R(Y)], [R(Y), F(), R(X)]);
    private static readonly LitmusProgram LoadBufferingPlain = new(2, [PlainR(X), PlainW(Y, 1)], [PlainR(Y), PlainW(X, 1)]);
    private static readonly LitmusProgram CoherentPlainReads = new(1, [PlainW(X, 1)], [PlainR(X), PlainR(X)]);
    private static readonly LitmusProgram WriteToReadCausalityPlain = new(2, [W(X, 1)], [R(X), PlainW(Y, 1)], [R(Y), R(X)]);

    public static TheoryData<string, string, bool> WeakExpectations => new()
    {
        // program, outcome, allowed under strong release/acquire
        { nameof(StoreBuffering), "0 | 0 | 1 1", true },
        { nameof(StoreBufferingFenced), "0 | 0 | 1 1", false },
        { nameof(StoreBufferingOneFence), "0 | 0 | 1 1", true },
        { nameof(StoreBufferingExchange), "0 0 | 0 0 | 1 1", false },
        { nameof(MessagePassing), " | 1 0 | 1 1", false },
        { nameof(MessagePassingPlainWrites), " | 1 0 | 1 1", true },
        { nameof(MessagePassingPlainReads), " | 1 0 | 1 1", true },
        { nameof(MessagePassingFenced), " | 1 0 | 1 1", false },
        { nameof(MessagePassingFencedWrites), " | 1 0 | 1 1", false },
        { nameof(MessagePassingFencedReads), " | 1 0 | 1 1", false },
        { nameof(MessagePassingByExchange), "0 | 1 0 | 1 1", false },
        // Without promises no load reads what comes later, so the model has no load buffering, which ARM and the language allow for plain accesses.
        { nameof(LoadBuffering), "1 | 1 | 1 1", false },
        { nameof(LoadBufferingPlain), "1 | 1 | 1 1", false },
        { nameof(IndependentReads), " |  | 1 0 | 1 0 | 1 1", true },
        { nameof(IndependentReadsFenced), " |  | 1 0 | 1 0 | 1 1", false },
        // Plain release/acquire allows this one; the strong form, which follows the order in which stores are made, does not.
        { nameof(TwoPlusTwoWrites), " |  | 1 1", false },
        { nameof(WriteToReadCausality), " | 1 | 1 0 | 1 1", false },
        { nameof(WriteToReadCausalityPlain), " | 1 | 1 0 | 1 1", true },
        { nameof(ReadOwnWriteEarly), "1 0 | 1 0 | 1 1", true },
        { nameof(ReadOwnWriteN6), "1 0 |  | 1 2", true },
        { nameof(CoherentReads), " | 1 0 | 1", false },
        { nameof(CoherentPlainReads), " | 1 0 | 1", false },
    };

    [Theory]
    [MemberData(nameof(WeakExpectations))]
    public void An_outcome_is_seen_under_release_acquire_exactly_if_it_is_allowed(string program, string outcome, bool allowed) =>
        Assert.Equal(allowed, Outcomes(program, MemoryModel.ReleaseAcquire).Contains(outcome));

    [Theory]
    [MemberData(nameof(Expectations))]
    public void An_outcome_is_seen_exactly_if_the_model_allows_it(string program, string outcome, bool totalStoreOrder, bool sequential)
    {
        Assert.Equal(totalStoreOrder, Outcomes(program, MemoryModel.TotalStoreOrder).Contains(outcome));
        Assert.Equal(sequential, Outcomes(program, MemoryModel.SequentialConsistency).Contains(outcome));
    }

    [Fact]
    public void Partial_order_reduction_needs_fewer_schedules_for_the_same_outcomes()
    {
        var reduced = Exploration.Run(IndependentReads.Build).MustHold();
        var all = Exploration.Run(IndependentReads.Build, new ExplorerOptions { PartialOrderReduction = false }).MustHold();
        Assert.Equal(all.Outcomes.Keys, reduced.Outcomes.Keys);
        Assert.True(reduced.Schedules * 10 < all.Schedules, $"{reduced.Schedules} of {all.Schedules}");
    }

    [Fact]
    public void A_preemption_bound_of_zero_still_delays_stores()
    {
        var result = Exploration.Run(StoreBuffering.Build, new ExplorerOptions { PreemptionBound = 0 }).MustHold();
        Assert.Contains("0 | 0 | 1 1", result.Outcomes.Keys);
    }

    private static IEnumerable<string> Outcomes(string program, MemoryModel model) =>
        Exploration.Run(Program(program).Build, new ExplorerOptions { Model = model }).MustHold().Outcomes.Keys;

    private static LitmusProgram Program(string name) =>
        (LitmusProgram)typeof(LitmusTests).GetField(name, System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!.GetValue(null)!;
}
