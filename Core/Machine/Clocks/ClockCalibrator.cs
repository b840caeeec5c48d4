namespace Troupe.Core.Machine;

/// <summary>
/// Finds the frequencies of the TSC and of the local APIC's timer, in at most some 10 ms. Told beats measured: kvmclock, the
/// hypervisor's leaves and leaf 0x15 cost nothing. Otherwise pairs of a TSC value and a count of the PIT are taken: the count
/// is latched between two reads of the TSC, so their distance bounds the error whatever the host does in between, and the
/// window grows only until that bound is small enough.
/// </summary>
public static unsafe class ClockCalibrator<TPhysical, TRegisters, TPorts, TCpuid, TCounter>
    where TPhysical : struct, IPhysicalMemory
    where TRegisters : struct, IModelSpecificRegisters
    where TPorts : struct, IPorts
    where TCpuid : struct, ICpuid
    where TCounter : struct, ITimeStampCounter
{
    private const ulong LowestPlausible = 50_000_000;
    private const ulong HighestPlausible = 20_000_000_000;
    private const ulong VirtualApicTimerFrequency = 1_000_000_000; // KVM's APIC_BUS_FREQUENCY, and QEMU's

    private const int ShortestWindow = 2 * (int)(IntervalTimer<TPorts>.Frequency / 1000);
    private const int LongestWindow = 10 * (int)(IntervalTimer<TPorts>.Frequency / 1000);
    private const ulong GoodEnough = 500; // parts per million: what the network's time protocols correct anyway
    private const ulong MillionParts = 1_000_000;
    private const int PairsPerReading = 4;
    private const int ReadingLimit = 1_000_000; // more than 10 ms can hold: a stuck count ends the loop

    /// <summary>Calibrates. Call on the bootstrap processor after <see cref="LocalApic{TPhysical, TRegisters}.Enable"/>; the APIC timer is left stopped.</summary>
    /// <param name="features">What CPUID said.</param>
    /// <param name="knownFrequency">The TSC's frequency if kvmclock told it, else 0.</param>
    /// <param name="result">What was found.</param>
    /// <returns>Whether both frequencies are known.</returns>
    public static bool Calibrate(CpuFeatures* features, ulong knownFrequency, ClockCalibration* result)
    {
        result->TimeStampCounterFrequency = 0;
        result->ApicTimerFrequency = 0;
        result->UncertaintyPartsPerMillion = 0;
        result->Reference = ClockReference.None;

        LocalApic<TPhysical, TRegisters>.StartFreeRunningTimer();
        ulong startTime;
        uint startCount = ReadApicTimer(&startTime);

        if (IsPlausible(knownFrequency))
            Told(result, knownFrequency, ClockReference.Hypervisor);
        else if (!AskHypervisor(features, result) && !AskProcessor(features, result))
            Measure(result);

        if (result->Reference != ClockReference.None)
            CompareApicTimer(startTime, startCount, result);
        else if (features->UnderHypervisor)
            TrustApicTimer(startTime, startCount, result);

        LocalApic<TPhysical, TRegisters>.StopTimer();
        return result->TimeStampCounterFrequency != 0 && result->ApicTimerFrequency != 0;
    }

    private static bool AskHypervisor(CpuFeatures* features, ClockCalibration* result)
    {
        const uint XenTimeLeaf = 3; // xen/include/public/arch-x86/cpuid.h: leaf 4, sub-leaf 0, ECX: guest TSC in kHz
        const uint TimingLeaf = 0x4000_0010; // VMware's, also KVM's and QEMU's: EAX: TSC in kHz
        CpuidResult leaf;
        ulong kilohertz = 0;
        if (features->Hypervisor == Hypervisor.Xen)
        {
            if (features->HighestHypervisorLeaf >= features->HypervisorBaseLeaf + XenTimeLeaf)
            {
                TCpuid.Query(features->HypervisorBaseLeaf + XenTimeLeaf, 0, &leaf);
                kilohertz = leaf.Ecx;
            }
        }
        else if (features->HypervisorBaseLeaf != 0 && features->HighestHypervisorLeaf >= TimingLeaf)
        {
            TCpuid.Query(TimingLeaf, 0, &leaf);
            kilohertz = leaf.Eax;
        }

        return IsPlausible(kilohertz * 1000) && Told(result, kilohertz * 1000, ClockReference.Hypervisor);
    }

    private static bool AskProcessor(CpuFeatures* features, ClockCalibration* result)
    {
        // QEMU's emulator shows leaves of the named model while its TSC runs at the host's pace.
        if (features->Hypervisor == Hypervisor.Tcg || features->HighestBasicLeaf < 0x15)
            return false;

        CpuidResult leaf;
        TCpuid.Query(0x15, 0, &leaf);
        if (leaf.Eax != 0 && leaf.Ebx != 0 && leaf.Ecx != 0)
        {
            ulong frequency = (ulong)leaf.Ecx * leaf.Ebx / leaf.Eax;
            if (IsPlausible(frequency))
                return Told(result, frequency, ClockReference.Crystal);
        }

        // The base frequency is the TSC's only where leaf 0x15 says that the two are related, and only on bare metal.
        if (leaf.Eax == 0 || leaf.Ebx == 0 || features->UnderHypervisor || features->HighestBasicLeaf < 0x16)
            return false;
        TCpuid.Query(0x16, 0, &leaf);
        ulong baseFrequency = (leaf.Eax & 0xFFFF) * 1_000_000UL;
        return IsPlausible(baseFrequency) && Told(result, baseFrequency, ClockReference.BaseFrequency);
    }

    private static void Measure(ClockCalibration* result)
    {
        bool gated = IntervalTimer<TPorts>.TryOpenGate();
        bool found = gated && MeasureChannel(2, result);
        if (gated)
            IntervalTimer<TPorts>.CloseGate();
        if (found)
            result->Reference = ClockReference.PitChannel2;
        else if (MeasureChannel(0, result))
            result->Reference = ClockReference.PitChannel0;
    }

    private static bool MeasureChannel(int channel, ClockCalibration* result)
    {
        IntervalTimer<TPorts>.Start(channel);
        ulong startTime = 0, startLatency = ulong.MaxValue;
        int startCount = -1;
        for (int i = 0; i < PairsPerReading; i++)
        {
            ulong time, latency;
            int count = ReadPair(channel, &time, &latency);
            if (count < 0 || latency >= startLatency)
                continue;
            startCount = count;
            startTime = time;
            startLatency = latency;
        }

        if (startCount < 0)
            return false;

        ulong bestError = ulong.MaxValue;
        int late = 0;
        for (int i = 0; i < ReadingLimit; i++)
        {
            ulong time, latency;
            int count = ReadPair(channel, &time, &latency);
            if (count < 0)
                break; // overslept: what was found until now stands
            int window = count - startCount;
            if (window < ShortestWindow)
                continue;

            ulong elapsed = time - startTime;
            ulong tick = elapsed / (ulong)window; // the count's own granularity
            ulong error = ((startLatency + latency) / 2) + tick;
            ulong partsPerMillion = error * MillionParts / elapsed;
            if (partsPerMillion < bestError)
            {
                ulong frequency = elapsed * IntervalTimer<TPorts>.Frequency / (ulong)window;
                if (!IsPlausible(frequency))
                    return false;
                bestError = partsPerMillion;
                result->TimeStampCounterFrequency = frequency;
                result->UncertaintyPartsPerMillion = (uint)partsPerMillion;
            }

            // A reading that the host interrupted may itself be what made the window long: a few more follow it.
            if (bestError <= GoodEnough || (window >= LongestWindow && ++late == PairsPerReading))
                break;
        }

        return bestError != ulong.MaxValue;
    }

    /// <summary>A count of the PIT, the TSC in the middle of the two values around the latch, and their distance.</summary>
    private static int ReadPair(int channel, ulong* time, ulong* latency)
    {
        ulong before = TCounter.Read();
        IntervalTimer<TPorts>.Latch(channel);
        ulong after = TCounter.Read();
        *latency = after - before;
        *time = before + (*latency / 2);
        return IntervalTimer<TPorts>.ReadLatched(channel);
    }

    /// <summary>A count of the APIC's timer and the TSC of the same instant: the tightest of a few tries.</summary>
    private static uint ReadApicTimer(ulong* time)
    {
        ulong best = ulong.MaxValue;
        uint result = 0;
        for (int i = 0; i < PairsPerReading; i++)
        {
            ulong before = TCounter.Read();
            uint count = LocalApic<TPhysical, TRegisters>.TimerCount;
            ulong latency = TCounter.Read() - before;
            if (latency >= best)
                continue;
            best = latency;
            *time = before + (latency / 2);
            result = count;
        }

        return result;
    }

    private static void CompareApicTimer(ulong startTime, uint startCount, ClockCalibration* result)
    {
        // After a measurement the window is long enough already; after an answer from CPUID wait for 1 ms.
        ulong shortest = result->TimeStampCounterFrequency / 1000;
        for (int i = 0; i < ReadingLimit && TCounter.Read() - startTime < shortest; i++)
        {
        }

        ulong endTime;
        uint counted = startCount - ReadApicTimer(&endTime);
        ulong elapsed = endTime - startTime;
        if (elapsed == 0 || counted == 0)
            return;
        // counted * frequency would overflow after some seconds at 5 GHz; a window overslept by that much is divided first.
        result->ApicTimerFrequency = elapsed < uint.MaxValue
            ? counted * result->TimeStampCounterFrequency / elapsed
            : result->TimeStampCounterFrequency / elapsed * counted;
    }

    private static void TrustApicTimer(ulong startTime, uint startCount, ClockCalibration* result)
    {
        const uint Window = (uint)(VirtualApicTimerFrequency / 200); // 5 ms
        for (int i = 0; i < ReadingLimit; i++)
        {
            ulong time;
            uint counted = startCount - ReadApicTimer(&time);
            if (counted < Window)
                continue;
            ulong frequency = (time - startTime) * (VirtualApicTimerFrequency / 1_000_000) / (counted / 1000) * 1000;
            if (!IsPlausible(frequency))
                return;
            result->TimeStampCounterFrequency = frequency;
            result->ApicTimerFrequency = VirtualApicTimerFrequency;
            result->Reference = ClockReference.ApicTimer;
            return;
        }
    }

    private static bool Told(ClockCalibration* result, ulong frequency, ClockReference reference)
    {
        result->TimeStampCounterFrequency = frequency;
        result->Reference = reference;
        return true;
    }

    private static bool IsPlausible(ulong frequency) => frequency is >= LowestPlausible and <= HighestPlausible;
}
