// Intel SDM vol. 3, 9.4.4 "MP initialization example": INIT, 10 ms, start-up message, 200 us, start-up message.
using Troupe.Core.Memory;

namespace Troupe.Core.Machine;

/// <summary>
/// The messages that start other processors. INIT goes to all of them first, so that its 10 ms pass once and not once a processor. A virtual
/// processor has no circuits that need them: under a hypervisor INIT is an entry in the state of a thread, and nothing is waited for (Linux waits
/// for nothing on any processor of this century; the book's time is kept on bare metal, where it costs one boot 10 ms).
/// </summary>
/// <typeparam name="TPhysical">The seam to the APIC's window.</typeparam>
/// <typeparam name="TRegisters">The seam to the APIC's registers.</typeparam>
/// <typeparam name="TProcessors">The seam to time.</typeparam>
public static class ProcessorStartup<TPhysical, TRegisters, TProcessors>
    where TPhysical : struct, IPhysicalMemory
    where TRegisters : struct, IModelSpecificRegisters
    where TProcessors : struct, IProcessors
{
    /// <summary>Nanoseconds between INIT and the first start-up message on bare metal.</summary>
    public const long InitDelay = 10_000_000;

    /// <summary>Nanoseconds after which a processor that has not come up gets the second start-up message.</summary>
    public const long StartupDelay = 200_000;

    /// <summary>Nanoseconds after which a processor counts as broken: an emulated one on a busy host may take long.</summary>
    public const long StartupTimeout = 2_000_000_000;

    /// <summary>Resets a processor; it then waits for <see cref="TryStart"/>, <see cref="WaitForInit"/> after the last of them.</summary>
    public static void Init(uint apicId) => LocalApic<TPhysical, TRegisters>.SendInit(apicId);

    /// <summary>Gives all processors the time that INIT takes.</summary>
    public static void WaitForInit(bool isVirtual)
    {
        if (!isVirtual)
        {
            Wait(InitDelay);
        }
    }

    /// <summary>Starts a processor and waits until it has set its word. One that runs already ignores the second message.</summary>
    /// <returns>False: it does not come up. It has been sent back to waiting, so that it cannot come up later.</returns>
    public static bool TryStart(uint apicId, byte pageNumber, ref int online)
    {
        long begin = TProcessors.Now;
        LocalApic<TPhysical, TRegisters>.SendStartup(apicId, pageNumber);
        if (WaitUntilOnline(ref online, begin + StartupDelay))
        {
            return true;
        }

        LocalApic<TPhysical, TRegisters>.SendStartup(apicId, pageNumber);
        if (WaitUntilOnline(ref online, begin + StartupTimeout))
        {
            return true;
        }

        LocalApic<TPhysical, TRegisters>.SendInit(apicId);
        return false;
    }

    private static bool WaitUntilOnline(ref int online, long until)
    {
        while (ProcessorMemory.LoadAcquire(ref online) == 0)
        {
            if (TProcessors.Now > until)
            {
                return false;
            }

            TProcessors.Pause();
        }

        return true;
    }

    private static void Wait(long nanoseconds)
    {
        long until = TProcessors.Now + nanoseconds;
        while (TProcessors.Now < until)
        {
            TProcessors.Pause();
        }
    }
}
