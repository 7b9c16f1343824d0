//! The certificate format from outside: exact bytes, every refusal, published vectors, and random attacks.

#[cfg(test)]
mod canonical;
#[cfg(test)]
mod cbor;
#[cfg(test)]
mod envelopes;
#[cfg(test)]
mod exact_bytes;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod forge;
#[cfg(test)]
mod issuing;
#[cfg(test)]
mod keysets;
#[cfg(test)]
mod order;
#[cfg(test)]
mod qr;
#[cfg(test)]
mod random;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod shared;
#[cfg(test)]
mod status_lists;
#[cfg(test)]
mod texts;
