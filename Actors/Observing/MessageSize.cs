using System.Runtime.CompilerServices;

namespace Troupe.Actors;

/// <summary>What a message takes in a mailbox: of a struct its fields, of a class the reference.</summary>
internal static class MessageSize<TMessage>
{
    internal static readonly int Value = RuntimeHelpers.SizeOf(typeof(TMessage).TypeHandle);
}
