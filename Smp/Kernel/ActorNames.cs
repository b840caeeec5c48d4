using Troupe.Core.Machine;

namespace Troupe.Smp.Kernel;

/// <summary>Which actor a thread is running, for a panic: workers show a word that refers to the name, and nothing looks at it before.</summary>
internal static unsafe class ActorNames
{
    // What fits a line; far below KernelMemory.ScratchBytes.
    private const int Longest = 80;

    private static ulong _stringType;

    /// <summary>The calling thread shows its word. Every thread names the same type.</summary>
    internal static long Register(KernelThread* thread, ulong word, ulong stringType)
    {
        if (word != 0)
        {
            _stringType = stringType;
        }

        thread->RunningActor = word;
        return 0;
    }

    /// <summary>Prints the actor that a thread is running, if it is a worker amid a turn. The thread stands still.</summary>
    internal static void Describe(KernelThread* thread)
    {
        if (thread->RunningActor == 0)
        {
            return;
        }

        byte* text = KernelMemory.Scratch;
        int length = StringObject<KernelMappedMemory>.Read(thread->RunningActor, _stringType, text, Longest);
        if (length == StringObject<KernelMappedMemory>.NoObject)
        {
            return;
        }

        KernelConsole.Write(", actor "u8);
        if (length < 0)
        {
            KernelConsole.Write("unknown: its name cannot be read"u8);
        }
        else
        {
            KernelConsole.Write(text, (ulong)length);
        }
    }
}
