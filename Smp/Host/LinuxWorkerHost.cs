using Troupe.Actors;
using Troupe.Core.Memory;

namespace Troupe.Smp.Host;

/// <summary>
/// Workers on Linux's threads, each bound to its processor. A thread that is detached from its processor is bound no longer and has a lower
/// priority, so a worker that is woken runs before it; the thread that watches the workers has a higher one where that is allowed.
/// </summary>
/// <remarks>
/// Our kernel serves the same calls, so this is the host in a guest too, below <see cref="MachineWorkerHost"/>. A Linux thread begins with the priority of
/// the thread that starts it: every thread that is started here sets its own. What a detached turn itself starts (a thread, or one more of the
/// thread pool) keeps the lower priority.
/// </remarks>
public sealed class LinuxWorkerHost : IWorkerHost
{
    // man 2 setpriority: 10 steps are a share of about one to nine beside a thread that wants the processor too; 19 is the lowest there is.
    private const int Step = 10;
    private const int LowestPriority = 19;

    // A thread that is woken takes the processor from one with a longer slice, and then keeps it for its own slice: the monitor from workers, both from detached
    // threads. Those have longer ones than the tick of the kernel that switches them (4 ms at 250 Hz): with shorter ones a hundred of them are all overdue
    // all the time, and who is overdue comes before who is woken.
    private static readonly TimeSpan _workerSlice = TimeSpan.FromMilliseconds(0.5);
    private static readonly TimeSpan _monitorSlice = TimeSpan.FromMilliseconds(0.3);
    private static readonly TimeSpan _lowSlice = TimeSpan.FromMilliseconds(10);

    private static readonly HashSet<string> _saidInTheProcess = [];

    private readonly int[] _processors;
    private readonly LinuxThreads _threads;
    private readonly int _monitor;
    private readonly int _low;
    private readonly bool _hasSlices;
    private readonly Action<string> _report;
    private readonly HashSet<string> _said;
    private int _started;

    /// <summary>Workers with the priority of the process.</summary>
    /// <param name="processorCount">How many; if not given, one for each processor that the process may run on. More than those share them.</param>
    /// <param name="report">Is told what the kernel refuses and what that means, each thing once. If not given, standard error is, once in the process.</param>
    public LinuxWorkerHost(int? processorCount = null, Action<string>? report = null)
        : this(processorCount, LinuxThread.ProcessPriority, LinuxThread.ProcessPriority - Step, hasSlices: true, report)
    {
    }

    /// <param name="processorCount">As above.</param>
    /// <param name="workerPriority">The nice value of workers.</param>
    /// <param name="monitorPriority">That of what watches them.</param>
    /// <param name="hasSlices">Whether the kernel has slices to ask for.</param>
    /// <param name="report">As above.</param>
    internal LinuxWorkerHost(int? processorCount, int workerPriority, int monitorPriority, bool hasSlices, Action<string>? report)
    {
        _processors = LinuxThread.AllowedProcessors();
        ProcessorCount = processorCount ?? _processors.Length;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ProcessorCount, nameof(processorCount));
        _hasSlices = hasSlices;
        _threads = new LinuxThreads(_processors, workerPriority, hasSlices ? _workerSlice : null, most: ProcessorCount + 1);
        _monitor = monitorPriority;
        _low = Math.Min(Math.Max(workerPriority, 0) + Step, LowestPriority);
        _report = report ?? Console.Error.WriteLine;
        _said = report is null ? _saidInTheProcess : [];
    }

    /// <inheritdoc/>
    public int ProcessorCount { get; }

    /// <inheritdoc/>
    public long CurrentThreadId => LinuxThread.CurrentId;

    /// <inheritdoc/>
    public IParker CreateParker(int processor) => new LinuxParker();

    /// <inheritdoc/>
    public IParker CreateMonitorParker() => new LinuxParker();

    /// <inheritdoc/>
    public void StartWorker(int processor, RunningActor[] running, Action body)
    {
        ArgumentNullException.ThrowIfNull(body);
        _threads.Run(() =>
        {
            Thread.CurrentThread.Name = $"worker {processor}";
            if (!LinuxThread.TrySetAffinity(0, _processors[processor % _processors.Length]))
            {
                Report("The kernel does not bind threads to processors here: actors pinned to a processor share a thread, but it moves about.");
            }

            body();
        });
        if (ProcessorMemory.Add(ref _started, 1) > ProcessorCount)
        {
            // In place of a detached one; there may be more of that.
            _threads.KeepSomeReady();
        }
    }

    /// <inheritdoc/>
    public void StartMonitor(Action body)
    {
        ArgumentNullException.ThrowIfNull(body);
        var monitor = new Thread(() =>
        {
            if (!LinuxThread.TrySetPriority(0, _monitor))
            {
                Report("The kernel does not raise a thread's priority here (it wants CAP_SYS_NICE, or a RLIMIT_NICE that allows it): what looks for turns "
                    + "that take too long has no precedence, and where other programs keep the processors busy it finds them later.");
            }

            AskForSlice(0, _monitorSlice);
            body();
        });
        monitor.IsBackground = true;
        monitor.Name = "quantum monitor";
        monitor.Start();
    }

    /// <inheritdoc/>
    public void Demote(long threadId)
    {
        LinuxThread.TrySetPriority(threadId, _low);
        AskForSlice(threadId, _lowSlice);
        LinuxThread.TrySetAffinity(threadId, _processors);
    }

    /// <inheritdoc/>
    public TimeSpan? ProcessorTime(long threadId) => LinuxThread.ProcessorTime(threadId);

    /// <inheritdoc/>
    public int DrainInterrupts(int processor) => 0;

    /// <summary>Kernels before 6.12 take no notice, which costs waiting times and nothing else: so nothing is said of a refusal.</summary>
    private void AskForSlice(long threadId, TimeSpan slice)
    {
        if (_hasSlices)
        {
            LinuxThread.TrySetSlice(threadId, LinuxThread.PriorityOf(threadId), slice);
        }
    }

    private void Report(string message)
    {
        lock (_said)
        {
            if (!_said.Add(message))
            {
                return;
            }
        }

        _report(message);
    }
}
