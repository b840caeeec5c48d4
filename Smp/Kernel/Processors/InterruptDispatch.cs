using Troupe.Core.Machine;
using Troupe.Smp.Kernel.Xen;

namespace Troupe.Smp.Kernel.Processors;

/// <summary>Interrupts by vector: ours are dealt with here, a device's becomes a bit for the processor's actor worker.</summary>
internal static unsafe class InterruptDispatch
{
    private static long _apicErrors, _spurious;

    /// <summary>APIC errors so far.</summary>
    internal static long ApicErrors => _apicErrors;

    internal static void Take(PerProcessor* processor, byte vector)
    {
        switch (vector)
        {
            case Vectors.Timer:
                LocalInterrupts.EndOfInterrupt();
                LocalTimer.OnInterrupt(processor);
                Threads.OnTimer();
                break;
            case Vectors.Reschedule:
                LocalInterrupts.EndOfInterrupt();
                Threads.OnReschedule();
                break;
            case Vectors.TlbShootdown:
                LocalInterrupts.EndOfInterrupt();
                KernelMemory.TlbShootdown->Answer();
                break;
            case Vectors.HypervisorEvents:
                LocalInterrupts.EndOfInterrupt();
                KernelRandomness.NoteInterrupt(processor->Index);
                XenEvents.Take(processor);
                break;
            case Vectors.ApicError:
                _ = LocalInterrupts.ReadErrors();
                _apicErrors++;
                LocalInterrupts.EndOfInterrupt();
                break;
            case Vectors.Spurious:
                _spurious++;
                break;
            default:
                if (vector is >= Vectors.FirstDevice and <= Vectors.LastDevice)
                {
                    KernelRandomness.NoteInterrupt(processor->Index);
                    DeviceInterrupts.Post(vector);
                }
                else
                {
                    // A legacy controller's spurious line: it is masked and wants no acknowledgement here.
                    _spurious++;
                    break;
                }

                LocalInterrupts.EndOfInterrupt();
                break;
        }
    }

    /// <summary>Sends an inter-processor interrupt: KernelProcessors' way to the local APIC.</summary>
    internal static void Send(int processor, ProcessorInterrupt reason)
    {
        if (reason == ProcessorInterrupt.TlbShootdown)
        {
            PerProcessor* self = Instructions.ProcessorBlock();
            var running = (KernelThread*)self->Current;
            TraceRing.Write(self, TraceKind.Shootdown, running == null ? 0 : running->Id, (ulong)processor, 0);
        }

        // Who waits for this interrupt would wait for ever, and the next ones would not leave either.
        if (!LocalInterrupts.SendFixed(ProcessorBlocks.Get(processor)->ApicId, reason == ProcessorInterrupt.TlbShootdown ? Vectors.TlbShootdown : Vectors.Reschedule))
        {
            Panic.Now("the local APIC does not let go of an interrupt to another processor"u8);
        }
    }
}
