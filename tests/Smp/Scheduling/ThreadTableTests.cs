using Troupe.Smp.Kernel;
using Troupe.Smp.Kernel.Scheduling;
using Troupe.Smp.Tests.Machine;

namespace Troupe.Smp.Tests.Scheduling;

public sealed unsafe class ThreadTableTests : IDisposable
{
    private readonly IdleMachine _machine = new(1);

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void TheFirstThreadIsNumberOne() => Assert.Equal(1, _machine.NewThread()->Id);

    [Fact]
    public void AThreadIsFoundByItsIdUntilItIsFreed()
    {
        KernelThread* thread = _machine.NewThread();
        int id = thread->Id;
        Assert.True(_machine.Threads->Find(id) == thread);
        _machine.Threads->Free(thread);
        Assert.True(_machine.Threads->Find(id) == null);
    }

    [Fact]
    public void AReusedBlockIsCleanAndHasANewIdAndItsOldSequence()
    {
        KernelThread* thread = _machine.NewThread();
        int id = thread->Id;
        thread->WaitSequence = 7;
        thread->PendingSignals = 3;
        thread->Registers.Rax = 5;
        _machine.Threads->Free(thread);
        KernelThread* again = _machine.NewThread();
        Assert.True(again == thread);
        Assert.NotEqual(id, again->Id);
        Assert.True(_machine.Threads->Find(id) == null);
        Assert.True(_machine.Threads->Find(again->Id) == again);
        Assert.Equal((7, 0L, 0UL), (again->WaitSequence, again->PendingSignals, again->Registers.Rax));
        Assert.Equal((ThreadState.Blocked, Band.Normal, -1), ((ThreadState)again->State, (Band)again->Band, again->TimerProcessor));
    }

    [Fact]
    public void IdsStayBelowTheFutexFlagsThroughAllGenerations()
    {
        for (int generation = 0; generation < 70_000; generation++)
        {
            KernelThread* thread = _machine.NewThread();
            Assert.InRange(thread->Id, 1, (1 << 30) - 1);
            _machine.Threads->Free(thread);
        }
    }

    [Fact]
    public void ManyThreadsHaveDistinctIdsAndAreVisited()
    {
        var ids = new HashSet<int>();
        for (int index = 0; index < 1500; index++)
            Assert.True(ids.Add(_machine.NewThread()->Id));
        Assert.Equal(1500, _machine.Threads->Count);
        var visited = new HashSet<int>();
        for (int slot = 1; slot < _machine.Threads->Slots; slot++)
            visited.Add(_machine.Threads->At(slot)->Id);
        Assert.Equal(ids, visited);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    [InlineData(2)]
    public void AnIdThatNobodyHasFindsNobody(int id)
    {
        _machine.NewThread();
        Assert.True(_machine.Threads->Find(id) == null);
    }

    [Fact]
    public void WithoutMemoryThereIsNoThreadAndNothingIsLost()
    {
        Assert.True(_machine.Threads->Allocate<NoPages>() == null);
        Assert.Equal(0, _machine.Threads->Count);
        Assert.Equal(1, _machine.NewThread()->Id);
    }

    [Fact]
    public void APageThatCouldNotBeUsedIsUsedNextTime()
    {
        OnePage.Left = 1;
        Assert.True(_machine.Threads->Allocate<OnePage>() == null);
        OnePage.Left = 1;
        Assert.True(_machine.Threads->Allocate<OnePage>() != null);
        Assert.Equal(0, OnePage.Left);
    }

    private readonly struct NoPages : IPageSource
    {
        public static void* Allocate() => null;
    }

    private readonly struct OnePage : IPageSource
    {
        public static int Left { get; set; }

        public static void* Allocate() => Left-- > 0 ? TestMachine.TestPages.Allocate() : null;
    }
}
