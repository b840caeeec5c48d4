using System.Runtime.ExceptionServices;
using Troupe.Actors;

namespace Troupe.Apps.Files;

/// <summary>
/// One call of a thread that waits for the file system. <see cref="FileCallActor"/> asks for it in its own turns, so that the answer needs no thread of the pool: all of those may be
/// waiting themselves. Whoever ends it leaves the thread a permit; the parker keeps it, so none is lost, and one of an earlier call makes the thread only look once more.
/// </summary>
[SendableByContract("The caller touches nothing of it until it is over, and the actor nothing afterwards.")]
internal abstract class FileCall(IParker parker) : IDisposable
{
    private readonly Lock _gate = new();
    private bool _isOver;
    private ExceptionDispatchInfo? _mistake;

    /// <summary>Why it was not done; none if it was.</summary>
    public FileSystemError Error { get; private set; }

    /// <summary>Asks, and ends the call. In the turns of the actor.</summary>
    public async Task RunAsync(ActorRef<FileSystemMessage> files)
    {
        try
        {
            await AskAsync(files);
            End(FileSystemError.None);
        }
        catch (AskFailedException failure)
        {
            End(failure.InnerException is FileSystemException { Error: var error } ? error : FileSystemError.DiskFailed);
        }
        catch (Exception exception)
        {
            _mistake = ExceptionDispatchInfo.Capture(exception);
            End(FileSystemError.DiskFailed);
        }
    }

    /// <summary>Parks the calling thread until the call is over.</summary>
    public void Wait()
    {
        while (!IsOver())
        {
            parker.Park(Timeout.InfiniteTimeSpan);
        }

        _mistake?.Throw();
    }

    /// <summary>Nobody will answer any more. A call that is over stays as it is.</summary>
    public void Dispose() => End(FileSystemError.DiskFailed);

    /// <summary>Asks the file system.</summary>
    protected abstract Task AskAsync(ActorRef<FileSystemMessage> files);

    private bool IsOver()
    {
        lock (_gate)
        {
            return _isOver;
        }
    }

    private void End(FileSystemError error)
    {
        lock (_gate)
        {
            if (_isOver)
            {
                return;
            }

            (Error, _isOver) = (error, true);
        }

        parker.Unpark();
    }
}

/// <summary>A call that is answered with a value. There is no deadline: the file system has its own for the disk, and answers in any case as long as it lives.</summary>
internal sealed class FileQuestion<[Sendable] TReply>(IParker parker, Func<Reply<TReply>, FileSystemMessage> create) : FileCall(parker)
{
    /// <summary>The answer, if there was no error.</summary>
    public TReply? Answer { get; private set; }

    protected override async Task AskAsync(ActorRef<FileSystemMessage> files) => Answer = await files.AskAsync(create, Timeout.InfiniteTimeSpan);
}

/// <summary>A call that moves bytes. A write that failed may have written some.</summary>
internal sealed class FileTransferCall : FileCall
{
    private readonly bool _isWrite;
    private FileTransfer? _transfer;

    public FileTransferCall(IParker parker, FileTransfer transfer, bool isWrite) : base(parker) => (_transfer, _isWrite) = (transfer, isWrite);

    /// <summary>How many bytes were transferred.</summary>
    public int Count { get; private set; }

    /// <summary>What was read.</summary>
    public ReadOnlySpan<byte> Data => _transfer is { } back ? back.Data[..Count] : default;

    protected override async Task AskAsync(ActorRef<FileSystemMessage> files)
    {
        var asked = _transfer!;
        _transfer = null;
        _transfer = await files.AskAsync<FileTransfer, FileTransfer>(asked, _isWrite ? FileSystemMessage.Write : FileSystemMessage.Read, Timeout.InfiniteTimeSpan);
        Count = _transfer.Count;
        if (_transfer.Error != FileSystemError.None)
        {
            throw new AskFailedException(null, new FileSystemException(_transfer.Error, _transfer.ErrorMessage));
        }
    }
}
