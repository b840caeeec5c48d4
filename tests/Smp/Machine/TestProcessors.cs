using Troupe.Core.Machine;

namespace Troupe.Smp.Tests.Machine;

/// <summary>The platform seam of a test: which machine and processor the calling thread stands for is set by the thread.</summary>
public readonly struct TestProcessors : IProcessors
{
    [ThreadStatic]
    private static TestMachine? _machine;

    [ThreadStatic]
    private static int _current;

    public static int Current => _current;

    public static int Count => _machine!.ProcessorCount;

    public static long Now => _machine!.Now;

    public static void Enter(TestMachine machine, int processor)
    {
        _machine = machine;
        _current = processor;
    }

    public static void Pause() => Thread.SpinWait(1);

    public static void Interrupt(int processor, ProcessorInterrupt reason) => _machine!.OnInterrupt(_current, processor);
}
