// man 2 of Linux, in the form that dotnet/runtime's src/native/libs/System.Native/pal_io.h gives it.
using Troupe.Actors;

namespace Troupe.Apps.Files;

/// <summary>
/// Serves the file calls of System.IO by path and descriptor, on an <see cref="Ext4FileSystem"/>. Every call blocks its thread until the file system has answered, throws nothing for a refusal, and
/// answers what it is documented to or 0, or an error as its negative number (errno.h). Usable from any thread. The parts: .Names, .Data, .Directories.
/// </summary>
public sealed partial class FileCalls
{
    /// <summary>The mode bits that nobody asks for (man 2 umask): as most systems have it, only the owner writes.</summary>
    private const int ModeMask = 0b000_010_010;

    private readonly ActorRef<FileCall?> _actor;
    private readonly FileMount _mount;
    private readonly TimeProvider _time;
    private readonly ThreadLocal<IParker> _parkers;
    private readonly DescriptorTable<OpenDescription> _open;
    private readonly DescriptorTable<DirectoryStream> _listings = new(1);
    private readonly FileLocks _locks = new();

    /// <summary>Serves the files of a file system below a directory.</summary>
    /// <param name="system">Where the actor between callers and file system lives.</param>
    /// <param name="files">The file system.</param>
    /// <param name="mount">Where its root is in the program's tree.</param>
    /// <param name="firstDescriptor">The number of the first open file.</param>
    /// <param name="createParker">What a thread parks on while a call blocks; one for each thread that does.</param>
    public FileCalls(ActorSystem system, ActorRef<FileSystemMessage> files, FileMount mount, nint firstDescriptor, Func<IParker> createParker)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(mount);
        _mount = mount;
        _time = system.Time;
        _parkers = new ThreadLocal<IParker>(createParker);
        _open = new DescriptorTable<OpenDescription>(firstDescriptor);
        // As many may be in it as there are threads.
        _actor = system.Spawn(new FileCallActor(files), "file calls", new MailboxOptions { Capacity = MailboxOptions.UnboundedCapacity });
    }

    /// <summary>Whether a path is of the file system; all others are the kernel's.</summary>
    public bool Owns(string path) => _mount.Owns(path);

    /// <summary>statfs: bytes of the file system, free ones among them.</summary>
    public long GetSpace(out long total, out long free)
    {
        var error = Ask<FileSystemStatistics>(FileSystemMessage.GetStatistics, out var statistics);
        (total, free) = statistics is null ? (0, 0) : (statistics.Blocks * statistics.BlockSize, statistics.FreeBlocks * statistics.BlockSize);
        return error;
    }

    /// <summary>sync: all that was changed is durable.</summary>
    public long Synchronize() => Do(FileSystemMessage.Flush);

    /// <summary>umount: makes everything durable and leaves the disk as one that needs no replay. Everything later is refused.</summary>
    public long Unmount() => Do(FileSystemMessage.Unmount);

    private static long Refuse(int error) => -error;

    private long Do(Func<Reply<bool>, FileSystemMessage> create) => Ask(create, out _);

    private long Ask<[Sendable] TReply>(Func<Reply<TReply>, FileSystemMessage> create, out TReply? answer)
    {
        FileQuestion<TReply> question = new(_parkers.Value!, create);
        var error = Run(question);
        answer = question.Answer;
        return error;
    }

    private long Run(FileCall call)
    {
        if (!_actor.TryTell(call))
        {
            return Refuse(FileErrno.InputOutput);
        }

        call.Wait();
        return Refuse((int)call.Error);
    }
}
