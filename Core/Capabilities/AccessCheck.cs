using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Troupe.Core.Capabilities;

/// <summary>The bounds and alignment check shared by windows and blocks; one unsigned comparison and one mask on the good path.</summary>
internal static class AccessCheck
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Require(int offset, int size, int length)
    {
        // A negative offset becomes a huge unsigned number; length - size cannot wrap because both are small and non-negative.
        if (length < size || (uint)offset > (uint)(length - size) || (offset & (size - 1)) != 0)
        {
            Refuse(offset, size, length);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RequireRange(int offset, int count, int length)
    {
        if (offset < 0 || count < 0 || offset > length - count)
        {
            Refuse(offset, count, length);
        }
    }

    [DoesNotReturn]
    private static void Refuse(int offset, int size, int length) =>
        throw new ArgumentOutOfRangeException(
            nameof(offset), offset, $"An access of {size} bytes must be aligned and lie within the {length} bytes granted.");
}
