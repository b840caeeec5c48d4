using Troupe.Core.Machine;
using Apic = Troupe.Core.Machine.LocalApic<Troupe.Core.Tests.FakePhysicalMemory, Troupe.Core.Tests.FakeModelSpecificRegisters>;
using Starter = Troupe.Core.Machine.ProcessorStartup<Troupe.Core.Tests.FakePhysicalMemory, Troupe.Core.Tests.FakeModelSpecificRegisters, Troupe.Core.Tests.TickingProcessors>;

namespace Troupe.Core.Tests;

/// <summary>The messages that start a processor, and when (Intel SDM vol. 3, 9.4.4).</summary>
[Collection("local APIC")]
public sealed unsafe class ProcessorStartupTests
{
    private const uint Init = 0x4500, Startup = 0x4608, CommandLow = 0x300;
    private const byte Page = 8;

    private readonly FakeMachine _machine = FakeMachine.Install();
    private readonly List<(uint Command, long At)> _sent = [];
    private int _online;

    public ProcessorStartupTests()
    {
        var apic = new FakeLocalApic(_machine);
        Func<ulong, uint, bool> write = _machine.WriteDevice!;
        CpuFeatures features = default;
        Apic.Initialize(&features);
        _machine.WriteDevice = (address, value) =>
        {
            if (address == FakeLocalApic.Address + CommandLow)
                _sent.Add((value, TickingProcessors.Now));
            return write(address, value);
        };
        TickingProcessors.Start();
    }

    [Fact]
    public void BareMetalGetsItsTenMillisecondsOnceForAll()
    {
        for (uint i = 1; i <= 15; i++)
            Starter.Init(i);
        Starter.WaitForInit(isVirtual: false);

        Assert.Equal(Enumerable.Repeat(Init, 15), _sent.Select(message => message.Command));
        Assert.InRange(TickingProcessors.Now, 10_000_000, 10_100_000);
    }

    [Fact]
    public void AVirtualProcessorIsNotWaitedFor()
    {
        Starter.Init(1);
        Starter.WaitForInit(isVirtual: true);
        Assert.Equal(0, TickingProcessors.Now);
    }

    [Fact]
    public void AProcessorThatComesUpAtOnceGetsOneMessage()
    {
        TickingProcessors.At(100_000, () => _online = 1);
        Assert.True(Starter.TryStart(1, Page, ref _online));
        Assert.Equal([Startup], _sent.Select(message => message.Command));
    }

    [Fact]
    public void OneThatMissedTheFirstMessageGetsTheSecondAfterTwoHundredMicroseconds()
    {
        TickingProcessors.At(300_000, () => _online = _sent.Count == 2 ? 1 : 0);
        Assert.True(Starter.TryStart(1, Page, ref _online));
        Assert.Equal([Startup, Startup], _sent.Select(message => message.Command));
        Assert.InRange(_sent[1].At - _sent[0].At, 200_000, 220_000);
    }

    [Fact]
    public void OneThatNeverComesUpIsSentBackToWaiting()
    {
        Assert.False(Starter.TryStart(1, Page, ref _online));
        Assert.Equal([Startup, Startup, Init], _sent.Select(message => message.Command));
        Assert.InRange(TickingProcessors.Now, 2_000_000_000, 2_001_000_000);
    }
}

/// <summary>One processor on which a turn of a spin loop takes 10 microseconds; something may happen at a given time.</summary>
public readonly struct TickingProcessors : IProcessors
{
    [ThreadStatic]
    private static long _now;

    [ThreadStatic]
    private static (long Time, Action Event) _event;

    public static int Current => 0;

    public static int Count => 1;

    public static long Now => _now;

    public static void Start()
    {
        _now = 0;
        _event = (long.MaxValue, static () => { });
    }

    public static void At(long time, Action happens) => _event = (time, happens);

    public static void Pause()
    {
        _now += 10_000;
        if (_now >= _event.Time)
            _event.Event();
    }

    public static void Interrupt(int processor, ProcessorInterrupt reason) => throw new NotSupportedException();
}
