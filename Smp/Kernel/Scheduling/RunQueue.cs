using System.Runtime.CompilerServices;
using Troupe.Core.Machine;
using Troupe.Core.Memory;

namespace Troupe.Smp.Kernel.Scheduling;

/// <summary>
/// The ready threads of one processor in three bands, served by weighted virtual time (start-time fair queueing: Goyal, Vin, Cheng,
/// SIGCOMM 1996, with a band for a flow and a quantum for a packet). Lives in memory that does not move.
/// </summary>
/// <remarks>
/// Every member except <see cref="Length"/> and the lock's own needs the lock. A thread's <c>State</c> is Ready
/// exactly while it is in a queue, and its <c>Processor</c> names that queue; both change under the queue's lock only.
/// </remarks>
/// <typeparam name="TMemory">The memory seam.</typeparam>
/// <typeparam name="TProcessors">The platform seam.</typeparam>
public unsafe struct RunQueue<TMemory, TProcessors>
    where TMemory : struct, IMemory
    where TProcessors : struct, IProcessors
{
    private SpinLock<TMemory, TProcessors> _lock;
    private int _length;
    private int _currentBand;
    private int _name;
    private long _currentSince;
    private long _virtualTime;
#pragma warning disable CS0169, CS0649, IDE0051 // reached as an array of three that starts at _high
    private BandQueue _high;
    private BandQueue _normal;
    private BandQueue _low;
#pragma warning restore CS0169, CS0649, IDE0051

    /// <summary>Makes the queue of a processor empty; memory must be zero before.</summary>
    public void Initialize(int processor)
    {
        _name = processor + 1;
        _currentBand = -1;
    }

    /// <summary>How many threads wait here: readable without the lock.</summary>
    public int Length => TMemory.LoadAcquire(ref _length);

    /// <summary>The band the processor is serving, or -1.</summary>
    public readonly int CurrentBand => _currentBand;

    private BandQueue* Bands => (BandQueue*)Unsafe.AsPointer(ref _high);

    /// <summary>Takes the lock.</summary>
    public void Acquire() => _lock.Acquire();

    /// <summary>Takes the lock if it is free.</summary>
    /// <returns>Whether it was taken.</returns>
    public bool TryAcquire() => _lock.TryAcquire();

    /// <summary>Gives the lock back.</summary>
    public void Release() => _lock.Release();

    /// <summary>Weighted time a band has had: for tests and the panic path.</summary>
    public long VirtualTimeOf(int band) => Bands[band].VirtualTime;

    /// <summary>Puts a thread at the end of a band.</summary>
    public void Enqueue(KernelThread* thread, int band, long now)
    {
        Admit(thread, band, now);
        Bands[band].Append(thread);
    }

    /// <summary>Puts a thread that was preempted within its quantum at the front of its band.</summary>
    public void EnqueueFront(KernelThread* thread, int band, long now)
    {
        Admit(thread, band, now);
        Bands[band].Prepend(thread);
    }

    /// <summary>Takes the first thread of the band that has had the least weighted time, and serves that band from now on.</summary>
    /// <returns>The thread, or null: nobody waits.</returns>
    public KernelThread* DequeueNext(long now)
    {
        Charge(now);
        int best = -1;
        for (int band = 0; band < SchedulingConstants.Bands; band++)
        {
            if (Bands[band].Head != null && (best < 0 || Bands[band].VirtualTime < Bands[best].VirtualTime))
                best = band;
        }

        if (best < 0)
        {
            _currentBand = -1;
            return null;
        }

        KernelThread* thread = Bands[best].Head;
        Unlink(thread);
        Serve(best, now);
        return thread;
    }

    /// <summary>Whether a thread is in this queue.</summary>
    public readonly bool Contains(KernelThread* thread) => TMemory.LoadAcquire(ref thread->QueuedOn) == _name;

    /// <summary>Takes a thread out of the middle.</summary>
    public void Remove(KernelThread* thread) => Unlink(thread);

    /// <summary>Takes the thread that has waited longest of those that may run on <paramref name="processor"/>.</summary>
    /// <returns>The thread, or null.</returns>
    public KernelThread* Steal(int processor)
    {
        KernelThread* oldest = null;
        for (int band = 0; band < SchedulingConstants.Bands; band++)
        {
            KernelThread* candidate = Bands[band].Head;
            for (int scanned = 0; candidate != null && scanned < SchedulingConstants.StealScan; scanned++)
            {
                if (ThreadAffinity.Allows<TMemory, TProcessors>(candidate, processor))
                {
                    if (oldest == null || candidate->ReadySince < oldest->ReadySince)
                        oldest = candidate;
                    break;
                }

                candidate = candidate->Next;
            }
        }

        if (oldest != null)
            Unlink(oldest);
        return oldest;
    }

    /// <summary>
    /// Charges the band being served for the time since the last charge. Time that no other band wanted is free:
    /// virtual time stands still while a band has the processor to itself, so that nobody runs up a debt (or a claim) alone.
    /// </summary>
    public void Charge(long now)
    {
        long ran = now - _currentSince;
        if (_currentBand < 0 || ran <= 0)
            return;
        _currentSince = now;
        if (!IsContended())
            return;
        ran = ran < SchedulingConstants.MaximumCharge ? ran : SchedulingConstants.MaximumCharge;
        Bands[_currentBand].VirtualTime += ran * SchedulingConstants.Multiplier(_currentBand);
    }

    /// <summary>Charges the band being served for a yield, if another band is there to profit.</summary>
    public void ChargeYield()
    {
        if (_currentBand >= 0 && IsContended())
            Bands[_currentBand].VirtualTime += SchedulingConstants.YieldCharge * SchedulingConstants.Multiplier(_currentBand);
    }

    /// <summary>A quantum of a band starts now. What the band was owed from before it had threads is forfeit.</summary>
    public void Serve(int band, long now)
    {
        if (Bands[band].VirtualTime < _virtualTime)
            Bands[band].VirtualTime = _virtualTime;
        _currentBand = band;
        _currentSince = now;

        // A band that is alone does not move the clock for the others: one that naps comes back to where it was.
        if (IsContended())
            _virtualTime = Bands[band].VirtualTime;
    }

    /// <summary>Whether a thread of <paramref name="band"/> that is ready should not wait for the end of the running quantum.</summary>
    public bool Preempts(int band) =>
        _currentBand < 0 || (band < _currentBand && Bands[band].VirtualTime <= Bands[_currentBand].VirtualTime);

    /// <summary>Whether a waiting thread should not wait for the end of the running quantum.</summary>
    public bool HasPreempting()
    {
        for (int band = 0; band < _currentBand; band++)
        {
            if (Bands[band].Head != null && Preempts(band))
                return true;
        }

        return false;
    }

    /// <summary>Where the first thread of each band may run: a hint for waking thieves.</summary>
    public ulong WaitingAffinity()
    {
        ulong affinity = 0;
        for (int band = 0; band < SchedulingConstants.Bands; band++)
        {
            KernelThread* head = Bands[band].Head;
            if (head != null)
                affinity |= ThreadAffinity.Read<TMemory>(head);
        }

        return affinity;
    }

    private void Admit(KernelThread* thread, int band, long now)
    {
        Charge(now);

        // A band that was empty starts level with the band being served: sleeping earns no credit.
        if (Bands[band].Head == null && Bands[band].VirtualTime < _virtualTime)
            Bands[band].VirtualTime = _virtualTime;

        thread->QueuedBand = band;
        TMemory.StoreRelease(ref thread->QueuedOn, _name);
        thread->ReadySince = now;
        TMemory.StoreRelease(ref _length, _length + 1);
    }

    private bool IsContended()
    {
        for (int band = 0; band < SchedulingConstants.Bands; band++)
        {
            if (band != _currentBand && Bands[band].Head != null)
                return true;
        }

        return false;
    }

    private void Unlink(KernelThread* thread)
    {
        Bands[thread->QueuedBand].Unlink(thread);
        TMemory.StoreRelease(ref thread->QueuedOn, 0);
        TMemory.StoreRelease(ref _length, _length - 1);
    }
}
